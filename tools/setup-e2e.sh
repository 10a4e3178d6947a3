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
	echo "setup: make e2e needs $1, and $2. Install them and run make e2e again." >&2
	exit 1
}

if [ ${#packages[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || refuse "${packages[*]}" "this machine has no apt-get"

	as_root=()
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || refuse "${packages[*]}" "you are neither root nor is there sudo"
		as_root=(sudo)
	fi

	# Kannel's own service would take the ports of a gateway; see setup-test-servers.sh.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
		"${as_root[@]}" chmod 0755 "$policy"
		trap '"${as_root[@]}" rm -f "$policy"' EXIT
	fi

	apt() {
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@"
	}

	echo "setup: installing ${packages[*]}" >&2
	apt update >&2 || refuse "${packages[*]}" "apt-get update did not succeed (is there a network?)"
	apt install --yes --no-install-recommends "${packages[@]}" >&2 || refuse "${packages[*]}" "apt-get could not install them"
fi

# The lock file holds each package's hash and no address: npm asks the registry that it is set up for.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
	echo "setup: installing the packages of tools/e2e/package-lock.json" >&2
	npm ci --ignore-scripts --no-audit --no-fund --omit-lockfile-registry-resolved >&2 || refuse "the npm package smpp" "npm could not install it (is there a network?)"
	touch node_modules/.package-lock.json
fi
