#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# The screen of a live process: going back in its past and on again, marks, what has changed since, files
# written with the rights that are left, a past within its bound, and signals only where they are permitted.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

# shellcheck disable=SC2046
set -- $(live_go | tail -n 1)
if [ $# -lt 2 ] || ! PROG=$(live_build load "$1" "$2" plain); then
	skip "screen" "no Go toolchain is here (tests/toolchains.sh fetches them)"
	finish
fi

drive() # ARGUMENT...: the script of standard input; errors in $WORK/err
{
	cat >"$WORK/keys"
	"$BINGO" --no-bpf --script "$WORK/keys" --size 120x40 "$@" "$PID" >"$WORK/screen" 2>"$WORK/err"
}
state() { sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$PID/status"; }
is_state() { [ "$(state)" = "$1" ]; }
says() { # NAME PATTERN [FILE]
	if grep -q -e "$2" "${3:-$WORK/screen}"; then ok "$1"; else not_ok "$1" "${3:-$WORK/screen}"; fi
}
said_not() { if grep -q -e "$2" "$WORK/screen"; then not_ok "$1" "$WORK/screen"; else ok "$1"; fi; }

live_start "$PROG" -parked 20 -grow 20 || { not_ok "a program starts" "$WORK/err"; finish; }

# --- time ---
drive <<KEYS || not_ok "time: the script runs" "$WORK/err"
wait-loaded
wait-passes 10
save-screen $WORK/live
key Space
wait-passes 5
save-screen $WORK/paused
goto 50%
save-screen $WORK/past
key L
wait-passes 2
save-screen $WORK/again
KEYS
says "time: it is live" 'LIVE' "$WORK/live"
says "time: how far back one can go stands in the header" 'past [0-9.]*m*s' "$WORK/live"
says "time: Space freezes" 'PAUSED' "$WORK/paused"
says "time: half of it is the past" 'PAUSED\|PAST' "$WORK/past"
says "time: L is live again" 'LIVE' "$WORK/again"
now=$(sed -n '1s/.*G \([0-9]*\) .*/\1/p' "$WORK/again")
past=$(sed -n '1s/.*G \([0-9]*\) .*/\1/p' "$WORK/past")
check "time: there were fewer goroutines ($past, $now)" test "${past:-0}" -lt "${now:-0}"

# --- marks ---
drive <<KEYS || not_ok "marks: the script runs" "$WORK/err"
wait-loaded
wait-passes 3
key m
wait-passes 15
key D
save-screen -
KEYS
says "marks: a mark is set, and compared with" 'mark a, .* ago'
says "marks: the group that grows has grown" 'grown  *+[0-9]'

# --- files ---
drive <<KEYS || not_ok "files: the script runs" "$WORK/err"
wait-loaded
wait-passes 5
write jsonl $WORK/events.jsonl
save-screen -
write json $WORK/report.json
KEYS
says "files: it says what it wrote" 'wrote .*events.jsonl'
check "files: the events are read back" "$BINGO" --replay "$WORK/events.jsonl" --once
is "files: the report is of the process" "$(jq -r .target.pid "$WORK/report.json")" "$PID"
drive <<KEYS
wait-loaded
write json $WORK/report.json
KEYS
says "files: one that is there is left alone" 'such a file already' "$WORK/err"

# --- the past's bound ---
drive --past 1 <<KEYS || not_ok "bound: the script runs" "$WORK/err"
wait-loaded
wait-passes 5
save-screen -
KEYS
says "bound: it is told" 'past '

# --- signals ---
drive <<KEYS
wait-loaded
signal STOP
KEYS
says "signals: not without --allow-stop" 'allow-stop' "$WORK/err"
is "signals: it runs" "$(state | tr RS SS)" S
drive --allow-stop <<KEYS || not_ok "signals: the script runs" "$WORK/err"
wait-loaded
key K
key 4
type no
key Enter
save-screen -
KEYS
says "signals: without yes nothing is sent" 'nothing was sent'
is "signals: it still runs" "$(state | tr RS SS)" S
drive --allow-stop <<KEYS || not_ok "signals: the script runs" "$WORK/err"
wait-loaded
key K
key 4
save-screen $WORK/asked
type yes
key Enter
save-screen -
wait-passes 3
save-screen $WORK/stopped
KEYS
says "signals: it is asked about" "SIGSTOP to load.*\[$PID\]" "$WORK/asked"
says "signals: it is sent" 'the signal was sent'
says "signals: the program stands still" 'STOPPED' "$WORK/stopped"
check "signals: and goes on when the screen ends" wait_for 20 is_state S
drive --allow-stop=30 <<KEYS || not_ok "signals: the script runs" "$WORK/err"
wait-loaded
signal STOP
type yes
key Enter
wait-passes 20
save-screen -
KEYS
says "signals: a stop ends by itself, and its length is told" 'stopped for [0-9.]* ms'
drive --allow-stop <<KEYS
wait-loaded
signal TERM
type yes
key Enter
KEYS
check "signals: TERM ends it" wait_for 20 eval "! kill -0 $PID 2>/dev/null || is_state Z"
finish
