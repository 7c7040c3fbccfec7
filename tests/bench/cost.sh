#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What watching costs the program, and how soon the screen shows what happens; the targets are built
# with the newest Go there is. The target has a processor for itself where there are two.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
. tests/lib/tap.sh
. tests/live/lib.sh
go=$(live_go | tail -n 1)
[ -n "$go" ] || { echo "  no Go toolchain is here"; exit 0; }
v=${go%% *} go=${go#* }
load=$(live_build load "$v" "$go" plain) && web=$(live_build web "$v" "$go" plain) &&
	blinker=$(live_build blinker "$v" "$go" plain) || { cat "$WORK/build.log"; exit 1; }
echo "  ping-pong at full speed, 10,000 goroutines parked, Go $v"
"$BUILD/bench/bench_cost" "$BINGO" "$load" -parked 10000 -pingpong 1 -procs 1 -report 1000
echo "  a web server, 8 clients in another process, 4,000 requests a second"
"$BUILD/bench/bench_cost" "$BINGO" "$web" -procs 1 -report 1000 -rate 4000
"$BUILD/bench/bench_latency" "$BINGO" "$blinker"
