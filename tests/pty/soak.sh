#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 280
# Keys, clicks, sizes, signals and exports at random, by soak.c: for a live session of a program that never
# rests, recorded round and round; then for a trace and for that recording. Everything twice at once: the
# program as it is, and under sanitizers. Prints what it saw; `make soak` is the long form.
# SOAK_TIME: seconds of the live session (15); from 300 on memory, descriptors and threads must be flat.
# SOAK_SEED: says which keys (1). SOAK_SANITIZED: the program under sanitizers.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
TIME=${SOAK_TIME:-15}
SEED=${SOAK_SEED:-1}
SANITIZED=${SOAK_SANITIZED:-$BUILD/asan/bingo-top}
DRIVER=$(cd "$BUILD" && pwd)/tests/pty/soak
REPLAY=$((TIME / 10 > 4 ? TIME / 10 : 4))
echo "# seed $SEED, $TIME s live, $REPLAY s for each replay"

XDG_CONFIG_HOME=$WORK/config XDG_CONFIG_DIRS=$XDG_CONFIG_HOME XDG_STATE_HOME=$XDG_CONFIG_HOME
export XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_STATE_HOME

# What the program frees stays with the sanitizer for a while: little, so that its memory can be looked at as well.
options=log_path=$WORK/report:quarantine_size_mb=4:exitcode=99
for s in segv abort sigbus sigfpe sigill; do options=$options:handle_$s=2; done
leaks=1
UBSAN_OPTIONS=print_stacktrace=1:log_path=$WORK/report
export UBSAN_OPTIONS
variants=plain
if [ -x "$SANITIZED" ]; then
	variants="plain sanitized"
	SANITIZED=$(cd "$(dirname "$SANITIZED")" && pwd)/$(basename "$SANITIZED")
	# leaks are looked for by a tracer, which some containers forbid
	ASAN_OPTIONS=detect_leaks=1 "$SANITIZED" --version >/dev/null 2>&1 || leaks=0
	[ $leaks = 1 ] || echo "# leaks are not looked for: tracing is not allowed here"
else
	skip "under sanitizers" "there is no $SANITIZED (make soak or make check builds it)"
fi
ASAN_OPTIONS=$options:detect_leaks=$leaks
export ASAN_OPTIONS

program() { if [ "$1" = plain ]; then echo "$BINGO"; else echo "$SANITIZED"; fi; }

# soak NAME SECONDS FLAGS ARGUMENT...: one after the other its driver's lines; @ in an argument is the variant
soak()
{
	name=$1 seconds=$2 flags=$3
	shift 3
	n=0 pids=
	for v in $variants; do
		n=$((n + 1))
		mkdir -p "$WORK/files-$v"
		# shellcheck disable=SC2046,SC2086
		"$DRIVER" -t "$seconds" -s $((SEED + n)) -d "$WORK/files-$v" -n "$name, $v" \
			$(if [ "$name" = live ]; then echo "-r $WORK/$v.bingo"; fi) \
			$(if [ "$v" = plain ]; then echo $flags; fi) -- \
			"$(program "$v")" $(for a; do echo "$a" | sed "s|@|$v|"; done) >"$WORK/$v.said" 2>&1 &
		own $!
		pids="$pids $!"
	done
	for pid in $pids; do wait "$pid"; done
	for v in $variants; do
		while read -r line; do
			case $line in
			ok\ *) ok "${line#* - }" ;;
			not\ ok\ *) not_ok "${line#* - }" ;;
			[0-9]..*) ;;
			*) echo "# ${line#\# }" ;;
			esac
		done <"$WORK/$v.said"
		grep -q '^1\.\.' "$WORK/$v.said" || not_ok "$name, $v: the driver went to its end" "$WORK/$v.said"
	done
	for r in "$WORK"/report.*; do
		[ -e "$r" ] || continue
		not_ok "$name: a sanitizer's report" "$r"
		rm -f "$r"
	done
}

# --- a program that never rests ---
judged=
[ "$TIME" -lt 300 ] || judged=-j
# shellcheck disable=SC2046
set -- $(live_go | tail -n 1)
if [ $# -ge 2 ] && churn=$(live_build churn "$1" "$2" plain) && live_start "$churn"; then
	soak live "$TIME" "$judged" --past 4 --budget 5 --record "$WORK/@.bingo" --record-limit 1M --record-source "$PID"
	check "the program that was watched still runs" live_alive
	live_stop
	for v in $variants; do
		"$BINGO" --replay "$WORK/$v.bingo" --json --once >"$WORK/json" 2>"$WORK/err"
		is "live, $v: the recording opens" "$?" 0
		is "live, $v: and is whole" "$(grep -c 'damaged\|missing\|cut' "$WORK/err")" 0
	done
	big=$(live_build trace_big "$1" "$2" plain) && "$big" -o "$WORK/big.trace" -size 20MB -limit 20s >/dev/null 2>&1
else
	skip "a live session" "no Go toolchain is here (tests/toolchains.sh fetches them)"
fi

# --- files ---
[ -s "$WORK/big.trace" ] || cp tests/data/demo.trace "$WORK/big.trace"
soak trace "$REPLAY" "$judged" --replay "$WORK/big.trace"
[ -e "$WORK/plain.bingo" ] || "$BINGO" --replay tests/data/demo.trace --record "$WORK/plain.bingo" --json >/dev/null
cp "$WORK/plain.bingo" "$WORK/replayed.bingo"
soak recording "$REPLAY" "$judged" --replay "$WORK/replayed.bingo"
finish
