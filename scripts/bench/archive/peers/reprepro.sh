#!/bin/bash
# reprepro.sh VERB DATA PLUS WORK: reprepro, which has no by-hash, and keeps one version of each package.
# FORMS names the compressed indexes: ".gz .xz" when it is not set.
source "$(dirname "$0")/common.sh"
ulimit -s unlimited # all the files' names in one command

reprepro() { command reprepro --silent --basedir "$work/pub" "$@"; }
add() {
    local -a files
    mapfile -d '' -t files < <(find "$1/pool" -name '*.deb' -print0)
    reprepro includedeb stable "${files[@]}"
}

case $verb in
prep_create)
    anew
    mkdir -p "$work/pub/conf"
    cat >"$work/pub/conf/distributions" <<EOF
Origin: bench
Suite: stable
Codename: stable
Architectures: amd64 arm64
Components: main
DebIndices: Packages Release . ${FORMS:-.gz .xz}
SignWith: $key
EOF
    ;;
create) add "$data" ;;
prep_plus) restore ;;
plus) add "$plus" ;;
prep_rm)
    restore
    choose pub/pool
    ;;
rm)
    IFS=_ read -r name _ <<<"$(basename "$(<"$work/chosen")")"
    reprepro --architecture amd64 remove stable "$name"
    ;;
*) unknown ;;
esac
