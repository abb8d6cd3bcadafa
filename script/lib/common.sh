# shellcheck shell=bash
# What every script shares. Sourced, never run: it moves to the project's root, so that
# each script works from any directory.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"

# Debian's own Python: the one that sees the python3-* packages.
export python=/usr/bin/python3
export PYTHONDONTWRITEBYTECODE=1

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

# The comment at the head of the calling script is its help.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"; }

# Runs a command silently; shows what it said only when it failed.
quietly() {
    local log status=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        say "failed ($status): $*"
        cat "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

# configure DIR ARG...: a build directory with exactly these options. Set up again only when they changed.
configure() {
    local dir=$1 stamp
    shift
    stamp="CC=${CC:-} $*"
    if [ -f "$dir/build.ninja" ] && [ "$(cat "$dir/.options" 2>/dev/null || true)" = "$stamp" ]; then
        return 0
    fi
    rm -rf "$dir"
    quietly meson setup "$dir" "$@" || return 1
    printf '%s' "$stamp" >"$dir/.options"
}

# In CI a warning is an error.
werror() { if [ "${CI:-}" = true ]; then echo true; else echo false; fi; }
