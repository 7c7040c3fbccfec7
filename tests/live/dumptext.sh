#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# The text of a goroutine dump against the living process that wrote it: the same goroutines, states,
# reasons, stacks, creators. What goroutine?debug=2 prints (runtime.Stack), what SIGQUIT prints, and the
# counts of debug=1; of every toolchain.
#
#   tests/live/dumptext.sh [VERSION...]     default: all toolchains that are there
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

# A line for each goroutine of the program's own. Up to 1.21 what the compiler makes of "go f(x)" is named as
# a function literal is, so in a text the two cannot be told apart: a root that stands on the go statement's line
# is left out of both. The text leaves out labels, who made the first one, and,
# but for SIGQUIT, the runtime's own frames and creators.
# Signals come at any time, so the goroutine that hands them on is now here, now there.
lines='def shown: $all or (startswith("runtime.") | not) or test("^runtime\\.(\\(?\\*?[A-Z]\\w*\\)?\\.)?[A-Z]\\w*$");
	def wrapped($made): if length > 1 and (.[-1][0] | test("\\.func[0-9.]+$")) and .[-1][2] == $made.line
		then .[:-1] else . end;
	.goroutines | sort_by(.g)[] | select(.system | not) | (.created_by // {}) as $made |
	[.g, .state, .reason, ([.stack[] | select(.function | shown) | [.function, .file, .line]] |
		wrapped($made)), if .g == 1 or (.created_by.function // "runtime." | shown | not) then null
		else (.created_by | [.g, .function, .file, .line]) end] |
	select((.[3] | length > 0) and all(.[3][]; .[0] != "os/signal.loop") and (.[0] as $g | $but | index($g) | not))'

said() { jq -c --argjson all "$2" --argjson but "$3" "$lines" "$1"; }

equal() # NAME: $WORK/live.said, $WORK/text.said
{
	if cmp -s "$WORK/live.said" "$WORK/text.said" && [ -s "$WORK/live.said" ]; then
		ok "$1: $(wc -l <"$WORK/live.said") goroutines as live"
	else
		diff "$WORK/live.said" "$WORK/text.said" | cut -c1-500 | head -8 >"$WORK/diff"
		not_ok "$1: as live" "$WORK/diff"
	fi
}

settle()
{
	: >"$WORK/live.json"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		mv "$WORK/live.json" "$WORK/before.json"
		"$BINGO" --once --json --system "$PID" >"$WORK/live.json" 2>"$WORK/bingo.err" || return 1
		[ -s "$WORK/before.json" ] &&
			[ "$(said "$WORK/before.json" true '[]')" = "$(said "$WORK/live.json" true '[]')" ] && return 0
		sleep 0.1
	done
}

one() # VERSION GO KIND
{
	local name="Go $1 $3" bin quit
	bin=$(live_build waits "$1" "$2" "$3") || { not_ok "$name builds" "$WORK/build.log"; return; }
	rm -f "$WORK/dump"
	live_start "$bin" "$WORK/dump" || { not_ok "$name starts" "$WORK/err"; return; }
	kill -USR1 "$PID"
	wait_for 30 [ -s "$WORK/dump" ] || { not_ok "$name writes what runtime.Stack says" "$WORK/err"; return; }
	settle || { not_ok "$name is watched" "$WORK/bingo.err"; return; }
	"$BINGO" --replay "$WORK/dump" --json >"$WORK/text.json" 2>"$WORK/bingo.err" ||
		not_ok "$name: debug=2 opens" "$WORK/bingo.err"
	# the one that wrote it ran then
	quit=$(sed -n 's/^goroutine \([0-9]*\) .*running.*/\1/p' "$WORK/dump" | tr '\n' ' ' | jq -cs .)
	said "$WORK/live.json" false "$quit" >"$WORK/live.said"
	said "$WORK/text.json" false "$quit" >"$WORK/text.said"
	equal "$name: debug=2"
	kill -QUIT "$PID"
	wait "$PID" 2>/dev/null
	"$BINGO" --replay "$WORK/err" --json --system >"$WORK/text.json" 2>"$WORK/bingo.err" ||
		not_ok "$name: SIGQUIT opens" "$WORK/bingo.err"
	said "$WORK/live.json" true '[]' >"$WORK/live.said"
	said "$WORK/text.json" true '[]' >"$WORK/text.said"
	equal "$name: SIGQUIT"
	is "$name: what it died of" "$(jq -r .target.ended "$WORK/text.json")" "SIGQUIT: quit"
}

command -v jq >/dev/null || { skip "dump texts" "no jq here"; finish; }
live_go >"$WORK/toolchains"
[ -s "$WORK/toolchains" ] || { skip "dump texts" "no Go toolchain is here; tests/toolchains.sh fetches some"; finish; }
while read -r v go; do
	[ $# -gt 0 ] && case " $* " in *" $v "*) ;; *) continue ;; esac
	for kind in plain stripped; do
		one "$v" "$go" $kind
	done
done <"$WORK/toolchains"
finish
