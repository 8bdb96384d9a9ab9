# Completion of durun for bash. Load it with: eval "$(durun completions bash)"
_durun() {
    local program=durun line kind=none IFS=$'\n'
    type -P -- "$1" >/dev/null && program=$1
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            files:*) kind=${line#files:} ;;
            *) COMPREPLY+=("$line") ;;
        esac
    done < <("$program" complete bash --line "$COMP_LINE" --cursor "$COMP_POINT" --part "$2" 2>/dev/null)
    if [[ $kind != none ]]; then
        ((${#COMPREPLY[@]})) || compopt -o filenames 2>/dev/null
        case $kind in
            scripts)
                COMPREPLY+=($(compgen -d -- "$2"))
                COMPREPLY+=($(compgen -f -X '!*.rhai' -- "$2"))
                ;;
            directories) COMPREPLY+=($(compgen -d -- "$2")) ;;
            all) COMPREPLY+=($(compgen -f -- "$2")) ;;
        esac
    elif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o nosort -F _durun durun 2>/dev/null || complete -F _durun durun
