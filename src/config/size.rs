//! Sizes as people write them: `512 MiB`, `2GB`.

/// The bytes of a size: a number and a unit, of powers of 1,024 (`KiB`, `MiB`, `GiB`) or of 1,000 (`kB`, `MB`, `GB`).
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn a_size_is_a_whole_number_and_a_unit() {
        assert_eq!(parse_size("512 MiB"), Some(512 << 20));
        assert_eq!(parse_size("2GB"), Some(2_000_000_000));
        assert_eq!(parse_size(" 7 b "), Some(7));
        for wrong in ["", "MiB", "1.5 GiB", "-1 MiB", "12", "12 MeB", "99999999999 GiB", "é"] {
            assert_eq!(parse_size(wrong), None, "{wrong}");
        }
    }
}
