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
unset GOROOT GOPATH GOMODCACHE COLORFGBG # Go's own sources are not to be found, whatever this machine has
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
want=tests/golden/screens
# Nobody's settings, and a place to save some.
XDG_CONFIG_HOME=$tmp/xdg XDG_CONFIG_DIRS=$tmp/none
export XDG_CONFIG_HOME XDG_CONFIG_DIRS

# What shows the screen: the program and the bundled trace, or the driver that has code to show.
trace()
{
	script=$1 size=$2
	shift 2
	"$BUILD/bingo-top" --replay tests/data/demo.trace --substitute-path /src/shop=tests/targets/demo \
		--substitute-path /usr/lib=/nonexistent --script "$script" --size "$size" "$@"
}
code()
{
	script=$1 size=$2
	shift 2
	"$BUILD/tests/golden/code_screens" "$script" "$size" /src/shop=tests/targets/demo "$@"
}

# Each script ends where a screen is worth keeping; KEYS.keys is the script, its sizes in the first line.
screen() # BY SCRIPT SIZE [--ascii]
{
	name=$(basename "$2" .keys)-$3${4:+-ascii}
	{
		cat "$2"
		echo "save-screen $tmp/$name.txt"
		echo "save-roles $tmp/$name.roles"
	} >"$tmp/script"
	rm -rf "$XDG_CONFIG_HOME"
	# shellcheck disable=SC2086
	"$1" "$tmp/script" "$3" ${4:-} >"$tmp/log" 2>&1 || {
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

screens() # BY SCRIPT...
{
	by=$1
	shift
	for keys; do
		for s in $(sed -n '1s/^# sizes: //p' "$keys"); do
			screen "$by" "$keys" "$s"
			screen "$by" "$keys" "$s" --ascii
		done
	done
}

update=
[ "${1:-}" != --update ] || update=1
screens trace tests/golden/*.keys
screens code tests/golden/code/*.keys
finish
