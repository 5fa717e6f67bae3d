#!/bin/sh
# Build the image with buildah where no registry is at hand, over a Debian made by debootstrap: build.sh FOLDER [ARG...]
# Needs root, buildah and debootstrap. FOLDER takes the storage; the ARGs are buildah's (--build-arg TENSORFLOW=with).
# The host's own mirror and pip settings are used and left in no image.
set -eu

folder=$(mkdir -p "$1" && cd "$1" && pwd)
shift
suite=${DEBIAN_SUITE:-trixie}
mirror=${DEBIAN_MIRROR:-$(sed -n 's/^URIs: *//p; s/^deb  *\([^[ ][^ ]*\) .*/\1/p' \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -n 1)}
project=$(cd "$(dirname "$0")/../.." && pwd)
export BUILDAH_ISOLATION=chroot

buildah() {
    command buildah --root "$folder/storage" --runroot "$folder/run" --storage-driver vfs "$@"
}

# Make an image of a Debian with some packages, once.
base() {
    buildah inspect --type image "localhost/$1" >/dev/null 2>&1 && return
    rm -rf "$folder/root"
    debootstrap --variant=minbase --include="$2" "$suite" "$folder/root" "$mirror" >"$folder/debootstrap.log"
    rm -rf "$folder"/root/var/cache/apt/* "$folder"/root/var/lib/apt/lists/* "$folder"/root/etc/apt/sources.list \
        "$folder"/root/var/log/*.log "$folder"/root/var/log/apt
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$folder/root" / >/dev/null
    buildah config --cmd python3 "$container"
    buildah commit --quiet --rm "$container" "localhost/$1" >/dev/null
    rm -rf "$folder/root"
}

# The host's pip settings, without those that name files of the host.
pip_settings() {
    echo '[global]'
    python3 -m pip config list | sed -n "s/^\(global\|:env:\)\.\(index-url\|extra-index-url\|trusted-host\|default-timeout\)='\(.*\)'$/\2 = \3/p" |
        grep -v 'file:' || true
    echo 'cert = /run/secrets/ca.crt'
}

base debian-python python3,ca-certificates
base debian-python-build python3,python3-pip,ca-certificates
# They may hold a password.
trap 'rm -f "$folder/pip.conf"' EXIT
trap 'exit 1' HUP INT TERM
pip_settings >"$folder/pip.conf"
buildah bud --quiet --layers=false --network=host --format docker \
    --build-arg PYTHON_IMAGE=localhost/debian-python --build-arg BUILD_IMAGE=localhost/debian-python-build \
    --build-arg REVISION="$(git -C "$project" rev-parse HEAD 2>/dev/null || echo unknown)" \
    --secret "id=pip,src=$folder/pip.conf" \
    --secret "id=ca,src=${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" \
    --tag localhost/quartet "$@" "$project"
# What the tag named before.
buildah rmi --prune >/dev/null
