# Sourced by the setup scripts: installs Debian packages as root, quietly, and starts none of their services.

# apt_install PACKAGE… ends the script by calling refuse WHY where it cannot.
apt_install() {
	command -v apt-get >/dev/null || refuse "this machine has no apt-get"
	local as_root=()
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || refuse "you are neither root nor is there sudo"
		as_root=(sudo)
	fi

	# A service that is started by the installation would only stand in the way, and take ports. policy-rc.d is Debian's way to
	# say so; where a machine has one already, it stays.
	local policy=/usr/sbin/policy-rc.d mine=
	if [ ! -e "$policy" ]; then
		mine=yes
		printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
		"${as_root[@]}" chmod 0755 "$policy"
		# shellcheck disable=SC2064 # its words are meant as they stand now
		trap "${as_root[*]} rm -f $policy" EXIT
	fi

	# sudo drops the environment, hence env.
	local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600)
	echo "setup: installing $*" >&2
	"${apt[@]}" update >&2 || refuse "apt-get update did not succeed (is there a network?)"
	"${apt[@]}" install --yes --no-install-recommends "$@" >&2 || refuse "apt-get could not install them"
	if [ -n "$mine" ]; then
		"${as_root[@]}" rm -f "$policy"
		trap - EXIT
	fi
}
