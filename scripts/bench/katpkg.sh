#!/bin/bash
# katpkg.sh VERB DATA PLUS WORK: katpkg as a driver for a benchmark of archive tools.
#   prep_create, create   the packages below DATA, published and signed below WORK/pub
#   prep_plus, plus       WORK.base, which create left, as WORK; then one more package, from PLUS
#   prep_rm, rm           the same; then one package less
# BENCH names a directory with gnupg/ (a home with a signing key) and keys.txt (its fingerprint).
set -euo pipefail
verb=$1 data=$2 plus=$3 work=$4
katpkg=$(dirname "$(realpath "$0")")/../../.venv/bin/katpkg
export KATPKG_SIGNING_KEY_FILE=$work/secret.asc

define() {
    local key
    key=$(head -1 "${BENCH:?names the benchmark directory}/keys.txt")
    gpg --homedir "$BENCH/gnupg" --batch --quiet --armor --export "$key" >"$work/archive.asc"
    (umask 077 && gpg --homedir "$BENCH/gnupg" --batch --quiet --armor --export-secret-keys "$key" >"$work/secret.asc")
    cat >"$work/katpkg.toml" <<EOF
targets = ["stable/amd64", "stable/arm64"]

[release.stable]
distribution = "debian"
version = "12"
python = "3.11"
glibc = "2.36"

[archive]
name = "bench"
origin = "bench"
label = "bench"
description = "Packages to measure with"
uri = "http://127.0.0.1/"
maintainer = "bench <bench@example.invalid>"
architectures = ["amd64", "arm64"]

[signing]
public_key = "archive.asc"

[publish]
store = "pub"
EOF
}

restore() {
    rm -rf "$work"
    cp -a "$work.base" "$work"
    sync -f "$work"
}

case $verb in
prep_create)
    rm -rf "$work"
    mkdir -p "$work"
    define
    sync -f "$work"
    ;;
create) "$katpkg" -C "$work" publish --headers-only "$data/pool" ;;
prep_plus | prep_rm) restore ;;
plus) "$katpkg" -C "$work" publish --headers-only "$plus/pool" ;;
rm)
    file=$(basename "$(find "$work/pub/pool" -name '*.deb' -print -quit)" .deb)
    IFS=_ read -r name version _ <<<"$file"
    "$katpkg" -C "$work" remove stable "$name=$version"
    ;;
*)
    echo "katpkg.sh: there is no verb $verb" >&2
    exit 2
    ;;
esac
