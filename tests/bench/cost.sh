#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What watching costs the program, and how soon the screen shows what happens; the targets are built
# with the newest Go there is. The target has a processor for itself where there are two.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
. tests/lib/tap.sh
. tests/lib/bench.sh
. tests/live/lib.sh
go=$(live_go | tail -n 1)
[ -n "$go" ] || { bench_missing "work done, watched" "no Go toolchain is here (tests/toolchains.sh fetches them)"; exit 0; }
v=${go%% *} go=${go#* }
load=$(live_build load "$v" "$go" plain) && web=$(live_build web "$v" "$go" plain) &&
	blinker=$(live_build blinker "$v" "$go" plain) || { cat "$WORK/build.log"; exit 1; }
failed=0
# As it comes: on a screen, everything on. Then with samples of its memory alone.
if "$BINGO" doctor 2>/dev/null | grep -q '^ok *bpf '; then
	"$BUILD/bench/bench_cost" "ping-pong, all on" "$BINGO" "$load" -parked 10000 -pingpong 1 -procs 1 -report 1000 || failed=1
	"$BUILD/bench/bench_cost" "web server, all on" "$BINGO" "$web" -procs 1 -report 1000 -rate 4000 || failed=1
else
	bench_missing "work done, all on" "the kernel's side may not be asked here (bingo-top doctor says why)"
fi
ARGS=--no-bpf LEAST=0.98 "$BUILD/bench/bench_cost" "ping-pong, sampling" "$BINGO" "$load" \
	-parked 10000 -pingpong 1 -procs 1 -report 1000 || failed=1
"$BUILD/bench/bench_latency" "$BINGO" "$blinker" || failed=1
exit $failed
