#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# Where running goroutines are: right to the line, on Go 1.19, 1.24 and 1.27, plain, stripped, PIE and cgo;
# and a program that is stopped thousands of times, by somebody who may be killed meanwhile, goes on as before.
#   tests/live/ptrace.sh [-v VERSION]...
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
STOPS=$BUILD/tests/live/live_stops
ODD=$BUILD/tests/live/live_odd
SOURCE=tests/targets/running/main.go
CYCLES=${CYCLES:-1000}
KILLS=${KILLS:-50} # of the newest; of others fewer, for what is left behind is a matter of the kernel

versions=
while getopts v: opt; do
	case $opt in
	v) versions="$versions $OPTARG" ;;
	*) exit 2 ;;
	esac
done
versions=${versions:-1.19 1.24 1.27}

if ! command -v jq >/dev/null; then
	skip "ptrace" "no jq"
	finish
fi

# Lines of the source where a function may be: "main.leaf 24"; at its head it may be for long, having
# just begun, on a busy machine.
grep -nE '// in |^func (leaf|caller|allocates|asksTime)\(' $SOURCE |
	sed -E 's/^([0-9]+):func (\w+)\(.*/main.\2 \1/; s/^([0-9]+):.*\/\/ in (.*)$/\2 \1/' >"$WORK/lines"

# What reports have seen: a line "FUNCTION LINE ENTRY" for each running goroutine with a place in the program.
seen()
{
	jq -r '.goroutines[] | select(.state == "running" and .stack[0].function != "[running]") |
		(.stack[-1].function) as $entry | [.stack[] | select(.function | startswith("main."))][0] |
		"\(.function) \(.line) \($entry)"' "$1" | sort -u
}

lines_right() # NAME PROGRAM
{
	live_start "$2" || { not_ok "$1: starts" "$WORK/err"; return; }
	sleep 0.2
	: >"$WORK/seen"
	for _ in 1 2 3 4 5 6 7 8; do # a second is enough where the machine has nothing else to do
		"$BINGO" --no-bpf -b --json -n 5 -d 0.2 "$PID" >"$WORK/report" 2>"$WORK/stderr" || not_ok "$1: is watched" "$WORK/stderr"
		seen "$WORK/report" >>"$WORK/seen"
		[ "$(grep -oE ' main\.(leaf|caller|allocates|asksTime)$' "$WORK/seen" | sort -u | wc -l)" -lt 4 ] || break
	done
	live_stop
	for f in leaf caller allocates asksTime; do
		if grep -q " main.$f\$" "$WORK/seen"; then ok "$1: main.$f is seen"
		else not_ok "$1: main.$f is seen" "$WORK/seen"; fi
	done
	grep -E ' main\.(leaf|caller|allocates|asksTime)$' "$WORK/seen" | cut -d' ' -f1,2 | sort -u |
		grep -vxFf "$WORK/lines" >"$WORK/wrong"
	is "$1: on no line but those of the loops" "$(cat "$WORK/wrong")" ""
	is "$1: less than a thousandth of the time was taken" "$(jq -s 'last | (.self.paused_ms < .time_ns / 1e9 + .self.longest_pause_ms)
		and .self.paused_ms > 0 and .self.longest_pause_ms > 0' "$WORK/report")" true
}

# --- the program is as it was ---
traced() # threads that stand still or are traced
{
	cat /proc/"$PID"/task/*/status 2>/dev/null | awk '/^State:/ && $2 ~ /[tT]/ { n++ } /^TracerPid:/ && $2 != 0 { n++ }
		END { print n + 0 }'
}

number() { awk -v f="$1" '/^steps/ { v = $f } END { print v + 0 }' "$WORK/out"; }

goes_on() # NAME: work is done, garbage is collected, nobody stands still
{
	steps=$(number 2) gc=$(number 4)
	if wait_for 20 sh -c "tail -1 '$WORK/out' | awk '{ exit !(\$2 > $steps + 100 && \$4 > $gc + 2) }'"; then
		ok "$1: it works on and collects garbage"
	else
		not_ok "$1: it works on and collects garbage" "$WORK/out"
	fi
	is "$1: no thread stands still or is traced" "$(traced)" 0
}

many_stops() # NAME PROGRAM
{
	live_start "$2" -storm 50 || { not_ok "$1: starts" "$WORK/err"; return; }
	wait_for 10 grep -q '^steps [1-9]' "$WORK/out"
	if timeout 120 "$STOPS" "$PID" "$CYCLES" >"$WORK/stops" 2>&1; then
		ok "$1: $(head -1 "$WORK/stops"); $(tail -1 "$WORK/stops")"
	else
		not_ok "$1: $CYCLES stops" "$WORK/stops"
	fi
	# What could not be walked to its end was on the way from one stack to another.
	is "$1: nearly all stacks are whole" "$(awk 'NR == 1 { print ($5 + $7) * 50 < $1 }' "$WORK/stops")" 1
	goes_on "$1"
	live_stop
}

killed() # NAME COMMAND...: as often, after some milliseconds
{
	name=$1
	shift
	for i in $(seq "$often"); do
		: >"$WORK/killed"
		"$@" "$PID" >"$WORK/killed" 2>&1 </dev/null &
		own=$!
		wait_for 10 test -s "$WORK/killed"
		sleep "0.0$((i * 37 % 90 + 10))"
		kill -9 $own 2>/dev/null
		wait $own 2>/dev/null
	done
	goes_on "$name killed $often times"
}

kills() # NAME PROGRAM
{
	often=$KILLS
	[ "$1" = 1.27 ] || often=$(((KILLS + 2) / 3))
	live_start "$2" -storm 20 || { not_ok "$1: starts" "$WORK/err"; return; }
	wait_for 10 grep -q '^steps [1-9]' "$WORK/out"
	killed "$1: who stops all the time" endless
	killed "$1: bingo-top" "$BINGO" -b -d 0.05
	live_stop
}
endless() { exec "$STOPS" "$1" 0; }

# --- what is left alone ---
is_sampled() { jq -s 'last | .self.samples > 0' "$1"; }

left_alone() # NAME PROGRAM
{
	live_start "$2"
	"$BINGO" --no-ptrace --no-bpf --duration 1 --json --export jsonl="$WORK/events" "$PID" >"$WORK/report" 2>"$WORK/stderr"
	is "$1: --no-ptrace: nothing is stopped" "$(jq -c '.self | [.paused_ms, .samples, .no_samples]' "$WORK/report")" \
		'[0,0,"--no-ptrace"]'
	is "$1: --no-ptrace: no sample in the export" "$(grep -c '"type":"sample"' "$WORK/events")" 0
	"$BINGO" --no-bpf --duration 1 --json --export jsonl="$WORK/events" "$PID" >"$WORK/report" 2>"$WORK/stderr"
	is "$1: without it there are" "$(is_sampled "$WORK/report")" true
	is "$1: and the export has as many" "$(jq -s "[.[] | select(.type == \"sample\")] | length > 0 and
		length <= $(jq .self.samples "$WORK/report")" "$WORK/events")" true
	"$BINGO" --replay "$WORK/events" --export jsonl="$WORK/again" 2>"$WORK/stderr"
	same "$1: the export is read back, losing nothing" "$WORK/again" "$WORK/events"

	: >"$WORK/odd"
	"$ODD" watch "$PID" >"$WORK/odd" 2>&1 &
	odd=$!
	own "$odd"
	wait_for 10 grep -q ready "$WORK/odd"
	"$BINGO" --duration 1 --json "$PID" >"$WORK/report" 2>"$WORK/stderr"
	is "$1: traced by another: nothing is stopped" "$(jq -c '.self | [.paused_ms, .samples]' "$WORK/report")" '[0,0]'
	is "$1: and it is said who" "$(jq -r .self.no_samples "$WORK/report")" "process $odd (live_odd) traces the program"
	kill -9 $odd
	wait $odd 2>/dev/null
	"$BINGO" --duration 1 --json "$PID" >"$WORK/report" 2>"$WORK/stderr"
	is "$1: when that has gone there are samples again" "$(is_sampled "$WORK/report")" true

	kill -STOP "$PID"
	"$BINGO" --duration 0.7 --json "$PID" >"$WORK/report" 2>"$WORK/stderr"
	is "$1: stopped by a signal: left so" "$(jq .self.samples "$WORK/report") $(awk '/^State/ { print $2 }' "/proc/$PID/status")" "0 T"
	kill -CONT "$PID"
	"$BINGO" --duration 1 --json "$PID" >"$WORK/report" 2>"$WORK/stderr"
	is "$1: goes on: there are samples again" "$(is_sampled "$WORK/report")" true
	live_stop
}

own_command() # NAME PROGRAM: what we started ourselves is traced, and its end told, as any other
{
	"$BINGO" --duration 1.5 --json -- "$2" 2>"$WORK/stderr" | grep '^{' >"$WORK/report"
	is "$1: a command of our own is sampled" "$(is_sampled "$WORK/report")" true
	timeout 20 "$BINGO" --duration 8 --json -- "$2" -for 1s 2>"$WORK/stderr" | grep '^{' >"$WORK/report"
	is "$1: its end is told" "$(jq -r .target.ended "$WORK/report" | grep -c 'exited with status 0')" 1
}

live_go >"$WORK/go"
for v in $versions; do
	go=$(awk -v v="$v" '$1 == v { print $2; exit }' "$WORK/go")
	[ -n "$go" ] || { skip "Go $v" "its toolchain is not here (tests/toolchains.sh fetches it)"; continue; }
	for kind in plain stripped pie cgo; do
		[ "$v-$kind" = 1.27-stripped ] || [ "$kind" != stripped ] || continue # pie is stripped, too
		[ $kind != cgo ] || command -v gcc >/dev/null || { skip "Go $v cgo" "no C compiler"; continue; }
		if program=$(live_build running "$v" "$go" $kind); then lines_right "$v $kind" "$program"
		else not_ok "Go $v $kind builds" "$WORK/build.log"; fi
	done
	program=$(live_build running "$v" "$go" plain) || continue
	many_stops "$v" "$program"
	kills "$v" "$program"
	last=$program
done
[ -z "${last:-}" ] || { left_alone "$v" "$last"; own_command "$v" "$last"; }
finish
