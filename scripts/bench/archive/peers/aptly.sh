#!/bin/bash
# aptly.sh VERB DATA PLUS WORK: a repository of aptly, published with by-hash and without Contents. It makes no xz.
source "$(dirname "$0")/common.sh"

aptly() { command aptly -config="$work/aptly.conf" "$@" >/dev/null; }
update() { aptly publish update -batch -gpg-key="$key" stable; }

case $verb in
prep_create)
    anew
    echo "{\"rootDir\": \"$work\", \"gpgProvider\": \"gpg\", \"skipLegacyPool\": true}" >"$work/aptly.conf"
    aptly repo create -distribution=stable -component=main bench
    ;;
create)
    aptly repo add bench "$data/pool"
    aptly publish repo -batch -acquire-by-hash -skip-contents -skip-bz2 -architectures=amd64,arm64 -gpg-key="$key" bench
    ;;
prep_plus) restore ;;
plus)
    aptly repo add bench "$plus/pool"
    update
    ;;
prep_rm)
    restore
    choose public/pool
    ;;
rm)
    IFS=_ read -r name version _ <<<"$(basename "$(<"$work/chosen")" .deb)"
    aptly repo remove bench "$name (= $version) {amd64}"
    update
    ;;
*) unknown ;;
esac
