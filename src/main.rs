//! The durun program: hands everything to the command line's room.

fn main() -> std::process::ExitCode {
    durun::cli::main()
}
