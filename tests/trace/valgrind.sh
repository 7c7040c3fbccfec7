#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 240
# The replay path under Valgrind, as it is built: a trace of each format, a recording, events, dump texts,
# a core dump, what is damaged of them; reports, every export, and the screen by a script. Any use of memory
# that is not there or was never written, and any block that is lost, is an error.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
. tests/live/cores.sh

if ! command -v valgrind >/dev/null; then
	skip "replay under valgrind" "valgrind is not here"
	finish
fi
if ! valgrind -q true >/dev/null 2>&1; then
	skip "replay under valgrind" "valgrind does not run here"
	finish
fi

# What still can be reached at the end is no leak.
grind() # NAME EXIT ARGUMENT...: all runs go beside each other, two at a time
{
	gr_n=$((${gr_n:-0} + 1))
	gr_name=$1 gr_want=$2
	shift 2
	{
		echo "$gr_name"
		echo "$gr_want"
		for a; do echo "$a"; done
	} >"$WORK/run.$gr_n"
}

run_one() # FILE: lines name, exit code wanted, arguments
{
	ro_file=$1
	{
		read -r ro_name
		read -r ro_want
		set --
		while read -r a; do set -- "$@" "$a"; done
	} <"$ro_file"
	valgrind -q --error-exitcode=99 --leak-check=full --suppressions=tests/trace/valgrind.supp --num-callers=30 --log-file="$ro_file.log" \
		"$BINGO" "$@" >"$ro_file.out" 2>"$ro_file.err" </dev/null
	echo "$? $ro_want $ro_name" >"$ro_file.rc"
}

run_all()
{
	ra_i=0 ra_other=
	while [ $ra_i -lt "$gr_n" ]; do
		ra_i=$((ra_i + 1))
		run_one "$WORK/run.$ra_i" &
		own $!
		[ -z "$ra_other" ] || wait "$ra_other"
		ra_other=$!
	done
	wait
	ra_i=0
	while [ $ra_i -lt "$gr_n" ]; do
		ra_i=$((ra_i + 1))
		read -r rc want name <"$WORK/run.$ra_i.rc"
		grep -v -e 'WARNING: unhandled .* syscall' -e 'write your own handler' -e 'README_MISSING_SYSCALL' \
			-e 'we consider this a bug' -e 'support/bug_reports' "$WORK/run.$ra_i.log" >"$WORK/said"
		if [ "$rc" = "$want" ] && [ ! -s "$WORK/said" ]; then
			ok "$name"
		else
			cat "$WORK/run.$ra_i.err" >>"$WORK/said"
			echo "exit code $rc, wanted $want" >>"$WORK/said"
			not_ok "$name" "$WORK/said"
		fi
	done
}

D=tests/data
for t in go1.19-locks go1.21-twice go1.22-locks go1.23-timers go1.26-twice; do
	grind "$t: a report and events" 0 --replay $D/traces/$t.trace --json --export "jsonl=$WORK/$t.jsonl"
done
grind "a trace as text, recorded" 0 --replay $D/traces/go1.27-cgo.trace --once --record "$WORK/a.bingo"
all="--replay $D/traces/go1.23-coro.trace --json"
for f in $("$BINGO" --help | sed -n '/^Formats/,/^$/s/^  \([a-z-][a-z-]*\) .*/\1/p'); do
	all="$all --export $f=$WORK/all.$f"
done
# shellcheck disable=SC2086
grind "every export" 0 $all
for t in bad-batch-length-2-60 bad-string-size bad-status; do
	grind "damaged: $t" 5 --replay "$D/synth/$t.trace" --json
done
head -c 4000 $D/traces/go1.26-before.trace >"$WORK/cut.trace"
grind "damaged: a trace cut short" 0 --replay "$WORK/cut.trace" --json
grind "a recording" 0 --replay $D/recordings/v1.bingo --json --export "jsonl=$WORK/r.jsonl"
head -c 1500 $D/recordings/v1.bingo >"$WORK/cut.bingo"
grind "damaged: a recording cut short" 0 --replay "$WORK/cut.bingo" --json
grind "events" 0 --replay tests/fuzz/seeds-jsonl/live --json --export "dot=$WORK/e.dot"
for t in quit deadlock panicked counts; do
	grind "dump text: $t" 0 --replay tests/fuzz/seeds-dumptext/$t.txt --json
done
# shellcheck disable=SC2046
set -- $(live_go | tail -n 1)
if [ $# -lt 2 ]; then
	skip "a core dump" "no Go toolchain is here (tests/toolchains.sh fetches them)"
elif ! command -v gcore >/dev/null; then
	skip "a core dump" "gcore is not here"
elif bin=$(live_build blocked "$1" "$2" plain) && live_start "$bin" && take gcore; then
	grind "a core dump" 0 --replay "$WORK/core" --exe "$bin" --json
else
	not_ok "a core dump is taken" "$WORK/gcore.log"
fi
cat >"$WORK/keys" <<KEYS
wait-loaded
key j Enter Tab j Tab 5 6 f D 1 t
filter main\.
goto 40%
key m . . [ ] z z ?
resize 40x12
resize 160x50
set theme light
mouse press 10 6
mouse drag 12 8
mouse release 12 8
KEYS
grind "the screen, by a script" 0 --replay $D/traces/go1.25-net.trace --script "$WORK/keys" --size 100x30
run_all
finish
