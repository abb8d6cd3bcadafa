# shellcheck shell=bash
# Completion of gatehouse for bash. Install as /usr/share/bash-completion/completions/gatehouse.

_gatehouse() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]:-} choices=""
    COMPREPLY=()
    case $before in
    -c | --config | --env-file | --openapi | -o | --output)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --for) choices="fastapi express generic" ;;
    --admin) choices="off 127.0.0.1:9080" ;;
    --listen) choices="127.0.0.1:8080" ;;
    *)
        if [ "$COMP_CWORD" -eq 1 ]; then
            choices="serve demo init check pipeline openapi reference version health --help"
        else
            case $command in
            serve) choices="-c --config --openapi --listen --admin --env-file --help http:// unix:/" ;;
            demo) choices="-c --config --listen --admin --env-file --help" ;;
            init) choices="--for -o --output --env --force --help" ;;
            check) choices="-c --config --openapi --env-file --help" ;;
            pipeline) choices="-c --config --env-file --json --help" ;;
            openapi) choices="check diff --prefix --json --help" ;;
            reference) choices="--markdown --help" ;;
            health) choices="--admin --help" ;;
            version) choices="--help" ;;
            esac
        fi
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
}
complete -F _gatehouse gatehouse
