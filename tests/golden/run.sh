#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Screens of the bundled trace, as text and as roles, held against files. No terminal, no Go, no root.
#   tests/golden/run.sh            compares
#   tests/golden/run.sh --update   writes the files anew and shows what changed
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
LC_ALL=C.UTF-8
TZ=UTC
export LC_ALL TZ
unset GOROOT GOPATH GOMODCACHE # Go's own sources are not to be found, whatever this machine has
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
want=tests/golden/screens

# Each script ends where a screen is worth keeping; KEYS.keys is the script, its sizes in the first line; the second
# may name another trace.
screen() { # SCRIPT SIZE [--ascii]
	name=$(basename "$1" .keys)-$2${3:+-ascii}
	{
		cat "$1"
		echo "save-screen $tmp/$name.txt"
		echo "save-roles $tmp/$name.roles"
	} >"$tmp/script"
	# shellcheck disable=SC2086
	trace=$(sed -n '2s/^# trace: //p' "$1")
	"$BUILD/bingo-top" --replay "${trace:-tests/data/demo.trace}" --substitute-path /src/shop=tests/targets/demo \
		--substitute-path /usr/lib=/nonexistent --script "$tmp/script" --size "$2" ${3:-} >"$tmp/log" 2>&1 || {
		not_ok "$name" "$tmp/log"
		return
	}
	if [ -n "$update" ]; then
		mkdir -p "$want"
		diff -u "$want/$name.txt" "$tmp/$name.txt" 2>/dev/null
		cp "$tmp/$name.txt" "$tmp/$name.roles" "$want/"
		ok "$name written"
	else
		same "$name" "$tmp/$name.txt" "$want/$name.txt"
		same "$name, roles" "$tmp/$name.roles" "$want/$name.roles"
	fi
}

update=
[ "${1:-}" != --update ] || update=1
for keys in tests/golden/*.keys; do
	for size in $(sed -n '1s/^# sizes: //p' "$keys"); do
		screen "$keys" "$size"
		screen "$keys" "$size" --ascii
	done
done
finish
