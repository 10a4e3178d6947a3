#!/usr/bin/env bash
# Installs what `make e2e` needs, on Debian and Ubuntu, where it is missing: Kannel with its fake operator, the ip command,
# Node with npm, and the SMPP server of tools/e2e. Nothing is started, and what is there already is left as it is.
set -euo pipefail

cd "$(dirname "$0")/e2e"

packages=()
[ -x /usr/sbin/bearerbox ] && [ -x /usr/sbin/smsbox ] || packages+=(kannel)
[ -x /usr/lib/kannel/test/fakesmsc ] || packages+=(kannel-extras)
command -v ip >/dev/null || packages+=(iproute2)
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)

refuse() {
	echo "setup: make e2e needs ${needed:-${packages[*]}}, and $1. Install them and run make e2e again." >&2
	exit 1
}

if [ ${#packages[@]} -gt 0 ]; then
	# shellcheck source=tools/apt.sh
	. ../apt.sh
	apt_install "${packages[@]}"
fi

# The lock file holds each package's hash and no address: npm asks the registry that it is set up for.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
	echo "setup: installing the packages of tools/e2e/package-lock.json" >&2
	npm ci --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved >&2 ||
		needed="the npm package smpp" refuse "npm could not install it (is there a network?)"
	touch node_modules/.package-lock.json
fi
