#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# What blocked goroutines wait on, against what the program itself knows: kind, address, direction,
# length, capacity, element type, readers, counts and queues; with every toolchain, also stripped.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

# The report's objects as lines like the program's own.
lines='.goroutines[] | (.stack[-1].function | sub("^main\\."; "")) as $f | (.objects // [])[] |
	select(.kind != "timer") | [$f, .kind, .addr, .case] + (
	if .kind == "chan" then [.type, "\(.len)/\(.cap)"]
	elif .kind == "rwmutex" then [if .locked then "locked" elif .writer_waits then "writer-waits" else "read" end,
		"readers=\(.readers)"]
	elif .kind == "waitgroup" then ["count=\(.count)"]
	else [if .locked then "locked" else "free" end] end) + ["\(.waiters)"] | join(" ")'

one() # VERSION GO KIND
{
	name="Go $1 $3"
	bin=$(live_build objects "$1" "$2" "$3") || { not_ok "$name builds" "$WORK/build.log"; return; }
	live_start "$bin" || { not_ok "$name starts" "$WORK/err"; return; }
	grep -v '^ready' "$WORK/out" | sort >"$WORK/wanted"
	"$BINGO" --once --json "$PID" >"$WORK/report" 2>"$WORK/err"
	jq -r "$lines" "$WORK/report" | sort >"$WORK/got"
	if diff "$WORK/wanted" "$WORK/got" >"$WORK/diff"; then
		ok "$name: $(wc -l <"$WORK/wanted") objects as the program knows them"
	else
		not_ok "$name: objects as the program knows them" "$WORK/diff"
	fi
	live_stop
}

command -v jq >/dev/null || { skip "objects" "no jq here"; finish; }
[ -n "$(live_go)" ] || { skip "objects" "no Go toolchain is here; tests/toolchains.sh fetches some"; finish; }
live_go >"$WORK/toolchains"
while read -r v go; do
	for kind in plain stripped pie; do
		one "$v" "$go" $kind
	done
done <"$WORK/toolchains"
finish
