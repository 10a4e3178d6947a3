#!/usr/bin/env bash
# Runs every go:generate line and fails when a file of the repository changes by it.
set -euo pipefail

# The names and sums of all files that git knows or would add; without git, of all files.
sums() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . -type f -not -path './.git/*' -print0
	fi | sort -z | xargs -0 -r sha256sum 2>/dev/null || true
}

before=$(sums)
go generate ./...
after=$(sums)

if [ "$before" != "$after" ]; then
	echo "generated files were out of date; go generate has just made them again, look at them and keep them:" >&2
	diff <(echo "$before") <(echo "$after") | awk '/^[<>]/ { print "  " $3 }' | sort -u >&2
	exit 1
fi
