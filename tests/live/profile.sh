#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# Where the time of a running program goes, as folded lines: by the kernel's samples where it gives
# them, else by state; and of a recording of it the same.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
TELL=$BUILD/tests/live/bpf_dump
LOOPS='main.leaf main.caller main.allocates main.asksTime'

# Which of the loops that never stop are not there yet.
missing() { for f in $LOOPS; do grep -q "^${f}[; ]" "$1" || printf '%s ' "$f"; done; }

# profile FILE ARGUMENT...: watches for longer and longer, until every loop was seen
profile()
{
	to=$1
	shift
	for s in 1 3 9 27; do
		"$BINGO" --duration "$s" "$@" --export "folded=$to" "$PID" >"$WORK/log" 2>&1
		rc=$?
		[ "$rc" != 0 ] || [ -n "$(missing "$to")" ] || break
	done
}

sum() { awk '{ s += $NF } END { printf "%d\n", s }' "$1"; }

go=$(live_go | tail -n 1)
if [ -z "$go" ]; then
	skip "profiles of a running program" "there is no Go here"
	finish
fi
PROG=$(live_build running "${go%% *}" "${go#* }" plain) || {
	not_ok "the program builds" "$WORK/build.log"
	finish
}
live_start "$PROG"

profile "$WORK/state" --no-bpf
is "by state: ends well" "$rc" 0
is "by state: says so" "$(grep -c 'there are no CPU samples here' "$WORK/log")" 1
if grep -q '^main' "$WORK/state"; then
	is "by state: every loop" "$(missing "$WORK/state")" ""
else
	skip "by state: every loop" "no thread may be stopped to see where it is"
fi

if why=$("$TELL" can); then
	profile "$WORK/cpu"
	is "by samples: ends well" "$rc" 0
	is "by samples: nothing to say" "$(grep -c 'CPU samples' "$WORK/log")" 0
	is "by samples: every loop" "$(missing "$WORK/cpu")" ""
	is "by samples: each is 1/99 of a second" "$(awk '{ k = int($NF / 10101.01 + 0.5); d = $NF - k * 10101.01; if (!k || d > 1 || d < -1) n++ } END { print n + 0 }' "$WORK/cpu")" 0
else
	skip "by samples" "$(echo "$why" | sed -n 's/^state [a-z]* off //p' | head -n 1)"
fi

"$BINGO" --duration 2 --export "jsonl=$WORK/rec" "$PID" >"$WORK/log" 2>&1
"$BINGO" --replay "$WORK/rec" --export "folded=$WORK/rec.on" >"$WORK/log" 2>&1
is "of a recording" "$?" 0
is "of a recording: there is time" "$(test "$(sum "$WORK/rec.on")" -gt 0 && echo yes)" yes
"$BINGO" --replay "$WORK/rec" --export "folded-off=$WORK/rec.off" >"$WORK/log" 2>&1
is "of a recording: main sleeps" "$(grep -c '^\[sleep\];.*main\.main' "$WORK/rec.off")" 1
check "the program lives" live_alive
live_stop
finish
