#!/usr/bin/env bash
# Runs every fuzz function for the time given, one after the other, since go test fuzzes one at a time.
set -euo pipefail

time=${1:-1m}
seen=0
failed=()

packages=$(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}' ./...)

for package in $packages; do
	names=$(go test -list '^Fuzz' "$package")

	for name in $(grep '^Fuzz' <<<"$names" || true); do
		seen=$((seen + 1))
		echo "== $package $name ($time)"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "$package" || failed+=("$package.$name")
	done
done

echo "$seen fuzz functions, ${#failed[@]} with findings: ${failed[*]:-none}"
[ "$seen" -gt 0 ] && [ ${#failed[@]} -eq 0 ]
