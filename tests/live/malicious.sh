#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# A target that lies (tests/targets/malicious): lists without end, rings, lengths of 2^62, memory that comes
# and goes, names that are commands to a terminal; and files that are no programs. Watched without a screen and
# with one: bingo-top ends in time, with what is right or one sentence, takes a bounded amount of memory, hands
# no control byte on, and leaves the target and nobody behind.
# MODES, VERSIONS, PROGRAM (an instrumented build), MOST_MB and AT_ONCE choose others.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
PEAK=$(cd "$BUILD" && pwd)/tests/live/live_peak
HOSTILE=$(cd "$BUILD" && pwd)/tests/pty/hostile
PROGRAM=${PROGRAM:-$BINGO}
MOST_MB=${MOST_MB:-300}
export XDG_CONFIG_HOME=/proc/none XDG_CONFIG_DIRS=/proc/none XDG_STATE_HOME=/proc/none

measured() # COMMAND...: in $rc its exit code, as live_peak tells it
{
	"$PEAK" 60 "$MOST_MB" "$@" >"$WORK/stdout" 2>"$WORK/stderr"
	rc=$?
}

# No control byte but the end of a line; what a name had of them is written out.
clean() { ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$@"; }

is_report() { tail -n 1 "$WORK/stdout" | jq -e .counts.total >/dev/null; }

reported() # NAME COMMAND...
{
	name=$1
	measured "${@:2}"
	why=
	if [ $rc = 0 ]; then
		is_report || why="no report"
	elif [ $rc != 3 ] && [ $rc != 4 ]; then
		why="exit code $rc"
	elif [ "$(wc -l <"$WORK/stderr")" != 1 ]; then
		why="not one sentence"
	fi
	clean "$WORK/stdout" "$WORK/stderr" || why="a control byte in what it said"
	[ ! -e "$WORK/export" ] || clean "$WORK/export" || why="a control byte in the export"
	live_alive || why="the target is gone"
	[ -z "$why" ] || { echo "$name: $why"; head -c 2000 "$WORK/stderr"; } >>"$WORK/bad"
}

shown() # NAME
{
	if ! "$HOSTILE" "$MOST_MB" "$PROGRAM" "$PID" >"$WORK/stdout" 2>&1; then
		{ echo "$1 on a screen:"; cat "$WORK/stdout"; } >>"$WORK/bad"
	fi
	live_alive || echo "$1 on a screen: the target is gone" >>"$WORK/bad"
}

lie() # MODE HOW PROGRAM...: HOW "" toggles, -late lies for good after half a second, -hold from the start
{
	# shellcheck disable=SC2086
	live_start "${@:3}" $2 "$1" && return
	{ echo "$1 $2: does not start"; cat "$WORK/err"; } >>"$WORK/bad"
	return 1
}

# Cases mostly wait: some run at once, each with a folder of its own; they are told in their order.
# begin NAME FUNCTION ARG...
begin()
{
	n_case=$((n_case + 1))
	while [ "$(jobs -pr | wc -l)" -ge "$AT_ONCE" ]; do sleep 0.05; done
	mkdir "$WORK/case-$n_case"
	echo "$1" >"$WORK/case-$n_case/name"
	(
		trap own_end EXIT
		WORK=$WORK/case-$n_case
		own_list=
		"${@:2}"
	) &
}

verdicts()
{
	wait
	for i in $(seq $n_case); do
		if [ -s "$WORK/case-$i/bad" ]; then not_ok "$(cat "$WORK/case-$i/name")" "$WORK/case-$i/bad"
		else ok "$(cat "$WORK/case-$i/name")"; fi
		rm -rf "$WORK/case-$i"
	done
	n_case=0
}

without_screen() # MODE PROGRAM...
{
	lie "$1" "" "${@:2}" && reported "$1" "$PROGRAM" --json --duration 1 --export jsonl="$WORK/export" "$PID"
	live_stop
	lie "$1" -hold "${@:2}" && reported "$1, from the start" "$PROGRAM" --json --once "$PID"
	live_stop
	case $1 in allgs-*) # what is taken for a list only by who knew the one before
		lie "$1" -late "${@:2}" && reported "$1, later on" "$PROGRAM" --json --duration 1.5 "$PID"
		live_stop ;;
	esac
}

on_screen() # MODE PROGRAM...
{
	lie "$1" "" "${@:2}" && shown "$1"
	live_stop
}

all_modes() # VERSION PROGRAM...
{
	for mode in ${MODES:-$("$2" list)}; do begin "Go $1: $mode" without_screen "$mode" "${@:2}"; done
}

# What an ordinary program's file may say.
files()
{
	mkdir "$WORK/e[31mvil"
	sed 's/main\.parkEscaped/main.\x1b[2J\x1b[666m/g' "$2" >"$WORK/e[31mvil/"$'\e]0;OWNED\a'
	chmod +x "$WORK/e[31mvil/"*
	if live_start "$WORK/e[31mvil/"* -symbols "$2" reasons-escapes; then
		reported "names" "$PROGRAM" --json --duration 1 --export jsonl="$WORK/export" "$PID"
		grep -q '\\u001b\[2J' "$WORK/stdout" || echo "the function's name is not there" >>"$WORK/bad"
		measured "$PROGRAM" -b --once "$PID"
		[ $rc = 0 ] && clean "$WORK/stdout" || echo "names, as text: exit code $rc, or a control byte" >>"$WORK/bad"
		shown "names"
	fi
	live_stop
}

odd_file() # FILE: opened as a program and as whatever it may be
{
	for how in "--replay $1" "--replay tests/data/demo.trace --exe $1"; do
		# shellcheck disable=SC2086
		measured "$PROGRAM" $how --json
		[ $rc = 0 ] || [ $rc = 2 ] || [ $rc = 3 ] || [ $rc = 5 ] || echo "$how: exit code $rc" >>"$WORK/bad"
		[ ! -s "$WORK/bad" ] || head -c 2000 "$WORK/stderr" >>"$WORK/bad"
	done
}

# byte N of FILE: little endian, the bytes that follow
poke() { printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

sparse() { truncate -s 2G "$WORK/file" && odd_file "$WORK/file"; }

# e_shnum is 0, so the section at 0 has their number: 2^32
many_sections() # PROGRAM
{
	cp "$1" "$WORK/file"
	poke "$WORK/file" 60 '\0\0'
	poke "$WORK/file" $(($(section_headers "$1") + 32)) '\0\0\0\0\1\0\0\0'
	odd_file "$WORK/file"
}
section_headers() { od -An -t u8 -j 40 -N 8 "$1" | tr -d ' '; }

# The table of names is one name of 2 GB.
long_name() # PROGRAM
{
	cp "$1" "$WORK/file"
	index=$(readelf -SW "$1" | sed -n 's/^ *\[ *\([0-9]*\)\] \.strtab .*/\1/p')
	at=$(($(section_headers "$1") + index * 64))
	size=$(stat -c %s "$1")
	truncate -s 2200M "$WORK/file"
	# shellcheck disable=SC2059
	poke "$WORK/file" $((at + 24)) "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((size & 255)) $((size >> 8 & 255)) $((size >> 16 & 255)) $((size >> 24)))\0\0\0\0"
	poke "$WORK/file" $((at + 32)) '\0\0\0\x80\0\0\0\0'
	odd_file "$WORK/file"
}

n_case=0
AT_ONCE=${AT_ONCE:-5}
live_go >"$WORK/go"
last=
for v in ${VERSIONS:-1.19 1.24 1.27}; do
	go=$(awk -v v="$v" '$1 == v { print $2 }' "$WORK/go" | head -n 1)
	if [ -z "$go" ] || ! command -v jq >/dev/null; then
		skip "Go $v" "no toolchain of it, or no jq"
		continue
	fi
	prog=$(live_build malicious "$v" "$go" plain) || { not_ok "Go $v: the target is built" "$WORK/build.log"; continue; }
	case $v in 1.27) some= ;; *) some="allglen-2^62 allgs-crowd status stack-whole defer-cycle treap-forged sudog-waitlink
		waitq-cycle chan-size labels-count labels-long threads-cycle reasons-escapes tables heap values chaos-1 chaos-2" ;; esac
	MODES=${MODES:-$some} all_modes "$v" "$prog"
	[ -n "${MODES:-}" ] || begin "Go $v: escapes in the names of function, file, label and program" files "$v" "$prog"
	last="$v $go"
done
if [ -n "$last" ] && [ -z "${MODES:-}" ]; then
	for mode in values reasons-escapes chaos-1 chaos-4 treap-forged waitq-cycle labels-long tables unmapping; do
		begin "Go ${last% *}: $mode, on a screen" on_screen "$mode" "$prog"
	done
	if command -v strip >/dev/null && strip -o "$WORK/stripped" "$prog"; then
		MODES="sane defer-cycle treap-forged chaos-2 heap tables" all_modes "${last% *} stripped" "$WORK/stripped" -symbols "$prog"
	fi
	begin "a file of 2 GB of nothing" sparse
	begin "a section header table of 2^32 entries" many_sections "$prog"
	if command -v readelf >/dev/null; then begin "a symbol's name of 2 GB" long_name "$prog"; fi
fi
verdicts
finish
