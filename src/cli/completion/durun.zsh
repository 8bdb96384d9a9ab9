#compdef durun
# Completion of durun for zsh. Put it on the fpath as _durun, or load it after compinit with: eval "$(durun completions zsh)"
_durun() {
    local program=durun line kind=none
    local -a words_ shown open open_shown
    [[ -n ${commands[${words[1]}]} || -x ${words[1]} ]] && program=${words[1]}
    while IFS= read -r line; do
        case $line in
            files:*) kind=${line#files:} ;;
            *)
                local word=${line%%$'\t'*} about=${line#*$'\t'}
                [[ -n $about ]] && about="$word  -- $about" || about=$word
                if [[ $word == *= ]]; then
                    open+=("$word") open_shown+=("$about")
                else
                    words_+=("$word") shown+=("$about")
                fi
                ;;
        esac
    done < <("$program" complete zsh -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
    local ret=1
    (($#words_)) && compadd -l -V durun -d shown -a words_ && ret=0
    (($#open)) && compadd -l -V durun-open -S '' -d open_shown -a open && ret=0
    [[ $kind != none ]] && compset -P '--*='
    case $kind in
        scripts) _files -g '*.rhai(-.)' && ret=0 ;;
        directories) _files -/ && ret=0 ;;
        all) _files && ret=0 ;;
    esac
    return ret
}
if [[ $funcstack[1] == _durun ]]; then
    _durun "$@"
else
    compdef _durun durun
fi
