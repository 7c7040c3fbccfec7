#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 200
# The plain mode on a running program: state, findings as they are made, numbers that open, a save after rights were
# given up, the program's end.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
XDG_CONFIG_HOME=$WORK/config XDG_CONFIG_DIRS=$WORK/none XDG_STATE_HOME=$WORK/state
export XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_STATE_HOME

go=$(live_go | tail -n 1)
if [ -z "$go" ]; then
	skip "the plain mode, live" "no Go is here (tests/toolchains.sh fetches it)"
	finish
fi
mkdir -p "$LIVE/faults"
# shellcheck disable=SC2086
program=$(live_build faults/ab_ba $go plain) || {
	not_ok "the program is built" "$WORK/build.log"
	finish
}
"$program" >/dev/null 2>&1 &
PID=$!
own "$PID"

mkfifo "$WORK/in"
"$BINGO" --plain "$PID" <"$WORK/in" >"$WORK/plain" 2>"$WORK/err" &
top=$!
own "$top"
exec 9>"$WORK/in"

# shown NAME PATTERN: that comes, whenever it does
shown()
{
	if wait_for 60 grep -q "$2" "$WORK/plain"; then
		ok "$1"
	else
		cat "$WORK/err" >>"$WORK/plain"
		not_ok "$1" "$WORK/plain"
	fi
}
type() { echo "$*" >&9; }

shown "it says what it watches" "^[^ ]*, process $PID, go1\\."
shown "the state" '^[0-9]* goroutines: [0-9]* running, '
shown "it asks" '^Type a number to open'
# the deadlock may be there at once, or be told when it is found
shown "the deadlock is told" '\(^\|New: \|[0-9]\. \)error, deadlock, '
type ''
shown "it has a number" '^[> ]*1\. error, deadlock, '
type 1
shown "which opens it" '^Evidence: .*'
shown "with its goroutines" '^[0-9]*\. goroutine [0-9]* blocked on mutex, '
type 1
shown "and they open too" '^[0-9]*\. WHY   waits for a mutex'
type set refresh 77
type save
shown "what is set is saved, after rights were given up" "1 change saved to $WORK/config/bingo-top/config"
is "the file" "$(cat "$WORK/config/bingo-top/config" 2>&1)" "[screen]
refresh = 77"
is "rights were given up" "$(sed -n 's/^NoNewPrivs:[^0-9]*//p' "/proc/$top/status")" 1
type save-filter x
shown "what goes wrong is said" 'Error: there is no filter to be named\.'
live_stop
shown "the end of the program is told" 'ended'
check "and the session goes on" kill -0 "$top"
type quit
wait "$top"
is "until it is ended" "$?" 0
exec 9>&-
is "no control character" "$(LC_ALL=C tr -d '\12\40-\176\200-\377' <"$WORK/plain" | wc -c | tr -d ' ')" 0
is "nothing on standard error" "$(cat "$WORK/err")" ""
finish
