#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# Watched over and over, and by somebody who is killed at any moment with probes and ptrace on, a
# program works on as before and nothing stays behind: no BPF object, no probe in its code, no thread
# that stands still, no file. CYCLES and KILLS say how often.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
LEFT=$(cd "$BUILD" && pwd)/tests/live/live_left
CYCLES=${CYCLES:-1000}
KILLS=${KILLS:-100}

# shellcheck disable=SC2046
set -- $(live_go | tail -n 1)
if [ $# -lt 2 ] || ! PROG=$(live_build load "$1" "$2" plain); then
	skip "cycles" "no Go toolchain is here (tests/toolchains.sh fetches them)"
	finish
fi
kernel=yes
"$LEFT" newest >/dev/null 2>&1 && "$BINGO" doctor | grep -q '^ok *probes' || kernel=

# What is ours by its file, whoever else watches something on this machine.
OWN=$LIVE/bingo-cycles.$$
cp "$BINGO" "$OWN"
trap 'rm -f "$OWN"; live_cleanup' EXIT
export HOME=$WORK/home TMPDIR=$WORK/tmp XDG_CONFIG_HOME=$WORK/xdg XDG_CACHE_HOME=$WORK/xdg XDG_DATA_HOME=$WORK/xdg \
	XDG_STATE_HOME=$WORK/xdg XDG_RUNTIME_DIR=$WORK/xdg
mkdir "$WORK/home" "$WORK/tmp" "$WORK/xdg"

running() { for p in /proc/[0-9]*; do [ "$(readlink "$p/exe" 2>/dev/null)" != "$OWN" ] || echo "${p#/proc/}"; done; }
nobody_runs() { [ -z "$(running)" ]; }
no_orphan() { "$LEFT" after "$@" >"$WORK/orphans" && [ ! -s "$WORK/orphans" ]; }
text_is_whole() { [ "$("$LEFT" text "$PID")" = 0 ]; }
probed() { ! text_is_whole; }
stands() { # threads that stand still or are traced
	cat /proc/"$PID"/task/*/status 2>/dev/null |
		awk '/^State:/ && $2 ~ /[tT]/ { n++ } /^TracerPid:/ && $2 != 0 { n++ } END { print n + 0 }'
}
nobody_stands() { [ "$(stands)" = 0 ]; }

facts()
{
	echo "fds $(ls "/proc/$PID/fd" | wc -l)"
	echo "named maps $(awk 'NF > 5 && !/\[(anon|stack)/' "/proc/$PID/maps" | wc -l)"
	grep -E '^(SigBlk|SigIgn|SigCgt|Seccomp|NoNewPrivs|VmLck):' "/proc/$PID/status"
}

works_on()
{
	lines=$(wc -l <"$WORK/out")
	wait_for 30 eval "[ \$(wc -l <'$WORK/out') -gt $((lines + 3)) ] "
}

nothing_left() # NAME
{
	check "$1: no process of ours is left" wait_for 30 nobody_runs
	check "$1: no thread stands still or is traced" wait_for 30 nobody_stands
	check "$1: it works on" works_on
	facts >"$WORK/after"
	same "$1: its descriptors, mappings and signals are as before" "$WORK/after" "$WORK/before"
	is "$1: no file is left" "$(find "$WORK/home" "$WORK/tmp" "$WORK/xdg" -mindepth 1)" ""
	if [ -z "$kernel" ]; then
		skip "$1: the kernel's lists" "BPF or uprobes may not be used here"
		return
	fi
	# shellcheck disable=SC2086
	if wait_for 60 no_orphan $newest; then
		ok "$1: no BPF program, map or link is left that nobody holds"
	else
		not_ok "$1: no BPF program, map or link is left that nobody holds" "$WORK/orphans"
	fi
	check "$1: its code is its file's again" wait_for 30 text_is_whole
	"$PROG" >/dev/null &
	fresh=$!
	own "$fresh"
	check "$1: nor is there a probe in another process of that program" wait_for 30 eval "[ \"\$('$LEFT' text $fresh)\" = 0 ]"
	kill -9 $fresh
	wait $fresh 2>/dev/null
	for f in /sys/kernel/tracing/uprobe_events /sys/kernel/debug/tracing/uprobe_events; do
		[ ! -r $f ] || is "$1: $f" "$(grep -c "$(basename "$PROG")" $f)" 0
	done
}

# loop N LOG: sessions one after the other, each with one report; each tenth goes on until its probes are on
loop()
{
	for i in $(seq "$1"); do
		if [ $((i % 10)) != 0 ] || [ -z "$kernel" ]; then
			"$OWN" --json --once "$PID" 2>>"$2.said" >>"$2" || echo "once: exit code $?" >>"$2.said"
			continue
		fi
		: >"$2.long" # what the one before said is no sign that this one runs
		"$OWN" --json -n 100000 -d 0.1 --budget 100 "$PID" >>"$2.long" 2>>"$2.said" &
		us=$!
		wait_for 60 grep -q '"state":"on"' "$2.long" && echo probed >>"$2"
		kill -INT $us
		wait $us
		code=$?
		[ $code = 130 ] || echo "long: exit code $code" >>"$2.said"
		tail -n 1 "$2.long" >>"$2"
	done
}

cycles()
{
	began=$(date +%s)
	loop $((CYCLES / 2)) "$WORK/one" &
	one=$!
	loop $((CYCLES - CYCLES / 2)) "$WORK/two"
	wait $one
	name="$CYCLES sessions, two at a time, in $(($(date +%s) - began)) s"
	is "$name: each makes its report" "$(cat "$WORK/one" "$WORK/two" | grep -c '^{"schema"') $(cat "$WORK"/*.said)" "$CYCLES "
	if [ -n "$kernel" ]; then
		is "$CYCLES sessions: each tenth with probes on" "$(cat "$WORK/one" "$WORK/two" | grep -c probed)" \
			$((CYCLES / 2 / 10 + (CYCLES - CYCLES / 2) / 10))
	fi
	nothing_left "$CYCLES sessions"
}

# Half of them at any moment of the beginning, the others once there are probes.
kills()
{
	RANDOM=${SEED:=$$}
	hit=0
	for i in $(seq "$KILLS"); do
		"$OWN" -b -d 0.05 --budget 100 "$PID" >/dev/null 2>&1 &
		us=$!
		[ -z "$kernel" ] || [ $((i % 2)) = 0 ] || ! wait_for 60 probed || hit=$((hit + 1))
		sleep "0.$(printf %03d $((RANDOM % 350)))"
		kill -9 $us
		wait $us 2>/dev/null
	done
	if [ -n "$kernel" ]; then
		is "$KILLS times killed (seed $SEED): half of them with probes in its code" $hit $(((KILLS + 1) / 2))
	fi
	nothing_left "$KILLS times killed"
}

live_start "$PROG" -parked 200 -report 50 || { not_ok "the target starts" "$WORK/err"; finish; }
"$OWN" --duration 1 --budget 100 "$PID" >/dev/null 2>&1 # what the kernel makes once stays: its [uprobes] page
newest=$("$LEFT" newest 2>/dev/null)
if [ -n "$kernel" ]; then
	"$OWN" -b --budget 100 "$PID" >/dev/null 2>&1 &
	us=$!
	own "$us"
	check "while it is watched there are probes in its code" wait_for 60 probed
	kill "$us"
	wait "$us"
fi
wait_for 10 nobody_runs
facts >"$WORK/before"
cycles
kills
live_stop
finish
