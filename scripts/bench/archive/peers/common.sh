# What the drivers of the peers share. Their verbs are those of katpkg.sh, and so are their arguments; BENCH too.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
verb=$1 data=$2 plus=$3 work=$4
export LC_ALL=C.UTF-8 GNUPGHOME=${BENCH:?names the benchmark directory}/gnupg
key=$(head -1 "$BENCH/keys.txt")

anew() {
    rm -rf "$work"
    mkdir -p "$work"
}

restore() {
    rm -rf "$work"
    cp -a "$work.base" "$work"
}

# Which one to remove is found out before the clock runs.
choose() {
    find "$work/$1" -name '*_amd64.deb' -print -quit >"$work/chosen"
}

unknown() {
    echo "$0: there is no verb $verb" >&2
    exit 2
}
