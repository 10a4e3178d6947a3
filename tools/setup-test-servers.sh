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

# shellcheck source=tools/apt.sh
. "$(dirname "$0")/apt.sh"
apt_install "${packages[@]}"

command -v redis-server >/dev/null || refuse "redis-server is still not on the PATH"
has_postgres || refuse "PostgreSQL's initdb is still neither in /usr/lib/postgresql nor on the PATH"
