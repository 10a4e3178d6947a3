#!/usr/bin/env bash
# Installs what the race detector needs, a C compiler and its headers, where it is missing. Debian and Ubuntu.
set -euo pipefail

command -v gcc >/dev/null && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@"; }

if ! command -v apt-get >/dev/null; then
	echo "the race detector needs gcc: install it, then run make race again" >&2
	exit 1
fi
apt update
apt install --yes --no-install-recommends gcc libc6-dev
