#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 1500
# A core dump shows what the process showed while it lived: the same goroutines, states, stacks, objects
# and edges. With every toolchain, plain, stripped and PIE; cores by gcore, and by the kernel where a
# program dies by GOTRACEBACK=crash. Then findings, and what is done about cores that are damaged,
# compressed, or of another program.
#
#   tests/live/core.sh [VERSION...]     default: all toolchains that are there
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

# All that is of the moment, and what a core cannot know: descriptors' names, deadlines by a clock that
# has stopped, whether memory was searched (which takes a live look several goes).
what='def o: del(.text, .listens, .deadline_ns, .fires_ns, .searched, .shared) |
		if .kind == "semaphore" then del(.fd) else . end;
	(.goroutines | sort_by(.g)[] | select(.system | not) | [.g, .state, .reason, .labels, .created_by,
		[.stack[] | [.function, .file, .line, .pc]], [(.objects // [])[] | o]]),
	(.edges | sort_by(.from, .to, .object, .could, .by)[] | [.from, .to, .object, .kind, .evidence, .could, .by])'

# Cores of a process that dies land in $WORK/dies, if the kernel is told to write them where it ran.
can_crash() { [ "$(cat /proc/sys/kernel/core_pattern)" = core ] && [ "$(cat /proc/sys/kernel/core_uses_pid)" = 0 ]; }

start() # PROGRAM ARG...
{
	rm -rf "$WORK/dies"
	mkdir "$WORK/dies"
	: >"$WORK/out"
	(
		cd "$WORK/dies" || exit 1
		ulimit -c unlimited
		GOTRACEBACK=crash exec "$@"
	) >"$WORK/out" 2>"$WORK/err" &
	PID=$!
	PIDS="$PIDS $PID"
	wait_for 30 grep -q '^ready' "$WORK/out"
}

# What is there twice in a row stands still.
settle()
{
	: >"$WORK/live.said"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		mv "$WORK/live.said" "$WORK/before.said"
		"$BINGO" --once --json "$PID" >"$WORK/live.json" 2>"$WORK/bingo.err" || return 1
		jq -c "$what" "$WORK/live.json" >"$WORK/live.said"
		cmp -s "$WORK/live.said" "$WORK/before.said" && return 0
		sleep 0.1
	done
}

take() # gcore|crash: leaves $WORK/core
{
	rm -f "$WORK/core"
	if [ "$1" = gcore ]; then
		gcore -o "$WORK/g" "$PID" >"$WORK/gcore.log" 2>&1
		mv "$WORK/g.$PID" "$WORK/core" 2>/dev/null
		live_stop
	else
		kill -QUIT "$PID"
		wait "$PID" 2>/dev/null
		mv "$WORK/dies/core" "$WORK/core" 2>/dev/null
	fi
	[ -s "$WORK/core" ]
}

compare() # NAME TARGET VERSION GO KIND HOW
{
	local bin
	bin=$(live_build "$2" "$3" "$4" "$5") || { not_ok "$1 is built" "$WORK/build.log"; return; }
	start "$bin" "$WORK/dump" || { not_ok "$1 starts" "$WORK/err"; return; }
	settle || { not_ok "$1 is watched" "$WORK/bingo.err"; return; }
	take "$6" || { not_ok "$1: a core is written" "$WORK/err"; return; }
	"$BINGO" --replay "$WORK/core" --json >"$WORK/core.json" 2>"$WORK/bingo.err" ||
		not_ok "$1 opens" "$WORK/bingo.err"
	jq -c "$what" "$WORK/core.json" >"$WORK/core.said"
	if cmp -s "$WORK/core.said" "$WORK/live.said" && [ -s "$WORK/live.said" ]; then
		ok "$1: $(jq '.goroutines | length' "$WORK/core.json") goroutines, $(jq '.edges | length' \
			"$WORK/core.json") edges, as live"
	else
		diff "$WORK/live.said" "$WORK/core.said" | cut -c1-400 | head -10 >"$WORK/diff"
		not_ok "$1: as live" "$WORK/diff"
	fi
	rm -f "$WORK/core"
}

command -v jq >/dev/null || { skip "core dumps" "no jq here"; finish; }
live_go >"$WORK/toolchains"
[ -s "$WORK/toolchains" ] || { skip "core dumps" "no Go toolchain is here; tests/toolchains.sh fetches some"; finish; }
ways=
if command -v gcore >/dev/null; then ways=gcore; else skip "cores by gcore" "no gcore here"; fi
if can_crash; then ways="$ways crash"; else skip "cores by the kernel" "core_pattern leads elsewhere"; fi

while read -r v go; do
	[ $# -gt 0 ] && case " $* " in *" $v "*) ;; *) continue ;; esac
	for kind in plain stripped pie; do
		for way in $ways; do
			compare "Go $v $kind, $way: waits" waits "$v" "$go" $kind "$way"
		done
		compare "Go $v $kind, ${ways##* }: objects" objects "$v" "$go" $kind "${ways##* }"
		compare "Go $v $kind, ${ways##* }: holders" holders "$v" "$go" $kind "${ways##* }"
	done
done <"$WORK/toolchains"
finish
