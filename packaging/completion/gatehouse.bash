# shellcheck shell=bash
# Completion of gatehouse for bash. Install as /usr/share/bash-completion/completions/gatehouse.

_gatehouse() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]:-} choices=""
    case $command in
    user | key | session | token | records) [ "$COMP_CWORD" -lt 3 ] || command="$command ${COMP_WORDS[2]}" ;;
    esac
    COMPREPLY=()
    case $before in
    -c | --config | --data | --env-file | import | --openapi | -o | --output | --from | --to)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    --algorithm) choices="EdDSA ES256 RS256" ;;
    --for) choices="fastapi express generic" ;;
    --admin) choices="off 127.0.0.1:9080" ;;
    --listen) choices="127.0.0.1:8080" ;;
    *)
        if [ "$COMP_CWORD" -eq 1 ]; then
            choices="serve demo init check pipeline user key session status token records openapi reference version health --help"
        else
            case $command in
            serve) choices="-c --config --openapi --listen --admin --env-file --help http:// unix:/" ;;
            demo) choices="-c --config --listen --admin --env-file --help" ;;
            init) choices="--for -o --output --env --force --help" ;;
            check) choices="-c --config --openapi --env-file --help" ;;
            pipeline) choices="-c --config --env-file --json --help" ;;
            user) choices="add list show disable enable role tier password import export erase --help" ;;
            key) choices="create list revoke roll rotate --help" ;;
            session) choices="list end --help" ;;
            token) choices="inspect mint --help" ;;
            status) choices="--json -c --config --data --env-file --help" ;;
            "user add") choices="--email --role --tier --no-password -c --config --data --env-file --help" ;;
            "user list") choices="--json --after --limit -c --config --data --env-file --help" ;;
            "user show") choices="--json -c --config --data --env-file --help" ;;
            "user disable") choices="-c --config --data --env-file --help" ;;
            "user enable") choices="-c --config --data --env-file --help" ;;
            "user role") choices="-c --config --data --env-file --help" ;;
            "user tier") choices="-c --config --data --env-file --help" ;;
            "user password") choices="-c --config --data --env-file --help" ;;
            "user import") choices="--dry-run --skip-existing --json --first-line -c --config --data --env-file --help" ;;
            "user export") choices="--with-hashes --after --limit -c --config --data --env-file --help" ;;
            "user erase") choices="--yes -c --config --data --env-file --help" ;;
            "key create") choices="--name --scope --tier --network --expires --json -c --config --data --env-file --help" ;;
            "key list") choices="--json -c --config --data --env-file --help" ;;
            "key revoke") choices="-c --config --data --env-file --help" ;;
            "key roll") choices="--overlap --json -c --config --data --env-file --help" ;;
            "key rotate") choices="--algorithm --json -c --config --data --env-file --help" ;;
            "session list") choices="--json -c --config --data --env-file --help" ;;
            "session end") choices="--user -c --config --data --env-file --help" ;;
            "token inspect") choices="--json -c --config --data --env-file --help" ;;
            "token mint") choices="--user --scope --expires -c --config --data --env-file --help" ;;
            records) choices="roles schema migrate check move --help" ;;
            "records roles") choices="--help" ;;
            "records schema") choices="--help" ;;
            "records migrate") choices="config file: env: postgresql:// -c --config --env-file --help" ;;
            "records check") choices="config file: env: postgresql:// --json -c --config --env-file --help" ;;
            "records move") choices="--from --to -c --config --env-file --help" ;;
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
