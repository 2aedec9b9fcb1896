#!/bin/bash
# apt-ftparchive.sh VERB DATA PLUS WORK: apt-ftparchive without its cache, then gzip, xz and gpg, as many scripts do it.
# The pool is there already: it copies nothing.
source "$(dirname "$0")/common.sh"

archive() {
    local architecture index
    cd "$work/pub"
    for architecture in amd64 arm64; do
        index=dists/stable/main/binary-$architecture/Packages
        apt-ftparchive --quiet --arch "$architecture" -o APT::FTPArchive::Packages::SHA512=false packages pool >"$index"
        gzip -9nkf "$index"
        xz -6kf "$index"
    done
    apt-ftparchive --quiet --config-file "$work/release.conf" release dists/stable >"$work/Release"
    mv "$work/Release" dists/stable/Release
    gpg --batch --quiet --yes --local-user "$key" --clearsign --output dists/stable/InRelease dists/stable/Release
    gpg --batch --quiet --yes --local-user "$key" --armor --detach-sign --output dists/stable/Release.gpg dists/stable/Release
}

case $verb in
prep_create)
    anew
    mkdir -p "$work"/pub/dists/stable/main/binary-{amd64,arm64}
    cp -a "$data/pool" "$work/pub/"
    cat >"$work/release.conf" <<EOF
APT::FTPArchive::DoByHash "true";
APT::FTPArchive::Release {
    Origin "bench"; Suite "stable"; Codename "stable"; Components "main"; Architectures "amd64 arm64";
    Acquire-By-Hash "yes";
};
EOF
    ;;
create) archive ;;
prep_plus) restore ;;
plus)
    cp -a "$plus/pool" "$work/pub/"
    archive
    ;;
prep_rm)
    restore
    choose pub/pool
    ;;
rm)
    rm "$(<"$work/chosen")"
    archive
    ;;
*) unknown ;;
esac
