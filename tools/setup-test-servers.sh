#!/usr/bin/env bash
# Installs what the tests start for themselves: redis-server and PostgreSQL's server. Only what is missing, only on
# Debian and its children. Nothing needs to be running before or afterwards, and no cluster of the system's is used: each
# test binary starts servers of its own and removes them (internal/servertest).
set -euo pipefail

packages=()
command -v redis-server >/dev/null || packages+=(redis-server)

has_postgres() {
	local found
	for found in /usr/lib/postgresql/*/bin/initdb; do
		[ -x "$found" ] && return 0
	done
	command -v initdb >/dev/null
}
has_postgres || packages+=(postgresql)

[ ${#packages[@]} -eq 0 ] && exit 0

refuse() {
	echo "setup: the tests need ${packages[*]}, and $1. Install them, so that redis-server and PostgreSQL's initdb are on the PATH, and run make test again." >&2
	exit 1
}

command -v apt-get >/dev/null || refuse "this machine has no apt-get"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || refuse "you are neither root nor is there sudo"
	as_root=(sudo)
fi

# A service that is started by the installation would only stand in the way. policy-rc.d is Debian's way to say so; where
# a machine has one already, it stays.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
	"${as_root[@]}" chmod 0755 "$policy"
	trap '"${as_root[@]}" rm -f "$policy"' EXIT
fi

# sudo drops the environment, hence env.
apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@"
}

echo "setup: installing ${packages[*]}" >&2
apt update >&2 || refuse "apt-get update did not succeed (is there a network?)"
apt install --yes --no-install-recommends "${packages[@]}" >&2 || refuse "apt-get could not install them"

command -v redis-server >/dev/null || refuse "redis-server is still not on the PATH"
has_postgres || refuse "PostgreSQL's initdb is still neither in /usr/lib/postgresql nor on the PATH"
