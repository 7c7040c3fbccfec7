#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# suite.sh PROGRAM NAME: runs one suite for tests/run. In $OUT it leaves what the suite printed
# (.out), passed, failed and skipped (.count), and what there is to say of it (.said).
# A suite of living processes that fails runs once more; both tries are told.
set -u
program=$1
name=$2
file=$OUT/$(echo "$name" | tr / -)

limit=$LIMIT
case $program in
*.sh | */run)
	own=$(sed -n '1,20s/^# limit: *\([0-9][0-9]*\).*/\1/p' "$program")
	limit=${own:-$LIMIT}
	;;
*)
	CMOCKA_MESSAGE_OUTPUT=TAP
	export CMOCKA_MESSAGE_OUTPUT
	;;
esac

# A shell starts what runs in the background with SIGINT ignored, which a test must not inherit.
reset=
if env --default-signal=INT,QUIT true 2>/dev/null; then
	reset="env --default-signal=INT,QUIT"
fi

run_it()
{
	# shellcheck disable=SC2086
	$reset timeout -k 10 "$limit" "$program" >"$file.out" 2>&1 </dev/null &
	pid=$!
	wait "$pid"
	rc=$?
	awk -v rc="$rc" -v limit="$limit" -f tests/lib/count.awk "$file.out" >"$file.sum"
	pass=0 fail=1 skip=0
	read -r pass fail skip <"$file.sum"
}

began=$(date +%s)
pid=
trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM HUP
rm -f "$file.first"
run_it
case $name in
live/* | pty/*)
	# What lives in real time may miss its moment on a busy machine: a fault fails twice.
	if [ "$fail" != 0 ]; then
		sed -n 's/^/# /; 2,$p' "$file.sum" >"$file.first"
		grep '^not ok' "$file.out" >>"$file.first"
		run_it
	fi
	;;
esac
took=$(($(date +%s) - began))
{
	printf '%-36s %4d passed' "$name" "$pass"
	[ "$fail" = 0 ] || printf ', %d failed' "$fail"
	[ "$skip" = 0 ] || printf ', %d skipped' "$skip"
	[ ! -e "$file.first" ] || printf ', at the second try'
	printf '  (%d s)\n' "$took"
	[ ! -e "$file.first" ] || sed 's/^/    the first try: /' "$file.first"
	if [ "$fail" = 0 ]; then
		sed -n 's/^/    /; 2,$p' "$file.sum"
	else
		echo "---- all that $name said (exit code $rc)"
		cat "$file.out"
		sed -n 's/^/# /; 2,$p' "$file.sum"
		echo "----"
	fi
} >"$file.new"
echo "$pass $fail $skip" >"$file.count"
mv "$file.new" "$file.said"
exit 0
