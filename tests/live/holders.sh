#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# Who could wake a goroutine that waits, against what the program itself knows: exactly those, by
# the same means and no others; with every toolchain, plain, stripped, PIE.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

# The report's edges as lines like the program's own: goroutines by the function they began in.
lines='(.goroutines | map({key: (.g | tostring), value: (.stack[-1].function | sub("^main\\."; ""))})
	| from_entries) as $f
	| .edges[] | "\($f[.from | tostring]) \(.kind) \(.object) \($f[.to | tostring]) \(.could) \(.evidence)"'

one() # VERSION GO KIND
{
	name="Go $1 $3"
	bin=$(live_build holders "$1" "$2" "$3") || { not_ok "$name builds" "$WORK/build.log"; return; }
	live_start "$bin" || { not_ok "$name starts" "$WORK/err"; return; }
	grep -v '^ready' "$WORK/out" | sort >"$WORK/wanted"
	"$BINGO" --once --json "$PID" >"$WORK/report" 2>"$WORK/err"
	jq -r "$lines" "$WORK/report" | sort -u >"$WORK/got"
	same "$name: $(wc -l <"$WORK/wanted") pairs as the program knows them" "$WORK/got" "$WORK/wanted"
	is "$name: each says by what" \
		"$(jq '[.edges[] | select((.by // "") == "")] | length' "$WORK/report")" 0
	live_stop
}

command -v jq >/dev/null || { skip "holders" "no jq here"; finish; }
live_go >"$WORK/toolchains"
[ -s "$WORK/toolchains" ] || { skip "holders" "no Go toolchain is here; tests/toolchains.sh fetches some"; finish; }
while read -r v go; do
	[ $# = 0 ] || case " $* " in *" $v "*) ;; *) continue ;; esac
	for kind in plain stripped pie; do
		one "$v" "$go" $kind
	done
done <"$WORK/toolchains"
finish
