#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How soon the first picture is there, and how long the target stands still for it: against Delve, where it is
# here. Delve reads no stripped program; one that it does read is built with the oldest Go there is, which any
# Delve knows. And a stripped daemon of some 50 MB, where tests/live/daemons.sh has fetched one.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/lib/bench.sh
. tests/live/lib.sh
bench=$BUILD/bench/bench_start
daemons=${BINGO_DAEMONS:-${XDG_CACHE_HOME:-$HOME/.cache}/bingo-top/daemons}
failed=0

measure() # HOW PROGRAM COUNT
{
	live_start "$2" -parked "$3" -report 3600000 || { cat "$WORK/err"; failed=1; return; }
	"$bench" first "$3 goroutines, $1" "$PID" main.park || failed=1
	live_stop
}

programs()
{
	live_go >"$WORK/go"
	if [ ! -s "$WORK/go" ]; then
		bench_missing "first frame" "no Go toolchain is here (tests/toolchains.sh fetches them)"
		bench_missing "longest pause" "no Go toolchain is here (tests/toolchains.sh fetches them)"
		return
	fi
	read -r old old_go <"$WORK/go"
	read -r new new_go < <(tail -n 1 "$WORK/go")
	plain=$(live_build load "$old" "$old_go" plain) && stripped=$(live_build load "$new" "$new_go" stripped) ||
		{ cat "$WORK/build.log"; failed=1; return; }
	for n in 1000 10000; do
		measure "Go $new, stripped" "$stripped" $n
		measure "Go $old" "$plain" $n
	done
	"$bench" pause "10000 goroutines" "$plain" -parked 10000 -clock -procs 1 -report 100 || failed=1
}

alone() # a network of its own, where we may make one
{
	if [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null && command -v ip >/dev/null; then
		exec unshare -n sh -c 'ip link set lo up; exec "$@"' sh "$@"
	fi
	exec "$@"
}

daemon()
{
	if [ ! -x "$daemons/usr/bin/prometheus" ]; then
		bench_missing "first frame, a stripped daemon" "none is here (tests/run daemons fetches some)"
		return
	fi
	printf 'global: {}\n' >"$WORK/prometheus.yml"
	alone "$daemons/usr/bin/prometheus" --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/prom" \
		--web.listen-address=127.0.0.1:18414 >"$WORK/prometheus.log" 2>&1 &
	PID=$!
	own "$PID"
	if ! wait_for 60 grep -q 'Server is ready' "$WORK/prometheus.log"; then
		bench_missing "first frame, prometheus" "it does not start: $(tail -n 1 "$WORK/prometheus.log")"
		return
	fi
	"$bench" first "prometheus, stripped, 50 MB" "$PID" runtime. || failed=1
	"$bench" stages "prometheus" "$PID" || failed=1
	live_stop
}

programs
daemon
exit $failed
