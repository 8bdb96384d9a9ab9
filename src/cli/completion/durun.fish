# Completion of durun for fish. Load it with: durun completions fish | source
function __durun_complete
    set -l typed (commandline -ct)
    set -l option (string match -r -- '^--[^=]*=' $typed)
    set -q option[1]; or set option ''
    set -l path (string replace -r -- '^--[^=]*=' '' $typed)
    for line in (durun complete fish -- (commandline -opc) $typed 2>/dev/null)
        switch $line
            case 'files:scripts'
                for file in (__fish_complete_suffix "$path" .rhai)
                    string match -qr -- '(/|\.rhai)(\t.*)?$' $file; and echo $option$file
                end
            case 'files:directories'
                for file in (__fish_complete_directories $path)
                    echo $option$file
                end
            case 'files:all'
                for file in (__fish_complete_path $path)
                    echo $option$file
                end
            case '*'
                echo $line
        end
    end
end
complete --command durun --no-files --keep-order --arguments '(__durun_complete)'
