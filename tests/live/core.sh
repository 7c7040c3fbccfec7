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
. tests/live/cores.sh

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
	own "$PID"
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

versions=$(awk '{ print $1 }' "$WORK/toolchains")
wanted() { [ $# -gt 1 ] || return 0; case " ${*:2} " in *" $1 "*) ;; *) return 1 ;; esac; }

while read -r v go; do
	wanted "$v" "$@" || continue
	for kind in plain stripped pie; do
		for way in $ways; do
			compare "Go $v $kind, $way: waits" waits "$v" "$go" $kind "$way"
		done
		compare "Go $v $kind, ${ways##* }: objects" objects "$v" "$go" $kind "${ways##* }"
		compare "Go $v $kind, ${ways##* }: holders" holders "$v" "$go" $kind "${ways##* }"
	done
done <"$WORK/toolchains"

# --- findings ---
# As live, of the oldest and the newest Go; certain at once, where a living program takes several looks.
found='.findings | sort_by(.detector, .goroutines) | .[] | [.detector, .severity, (.goroutines | sort), (.objects | sort), .location]'
mkdir -p "$LIVE/faults"

finding() # NAME VERSION GO CERTAINTY
{
	local name="Go $2, $1" bin
	bin=$(live_build "faults/$1" "$2" "$3" plain) || { not_ok "$name is built" "$WORK/build.log"; return; }
	start_quiet "$bin"
	"$BINGO" --duration 5 --json "$PID" >"$WORK/live.json" 2>"$WORK/bingo.err" || not_ok "$name is watched" "$WORK/bingo.err"
	take "${ways##* }" || { not_ok "$name: a core is written" "$WORK/err"; return; }
	"$BINGO" --replay "$WORK/core" --json >"$WORK/core.json" 2>"$WORK/bingo.err" || not_ok "$name opens" "$WORK/bingo.err"
	jq -c "$found" "$WORK/live.json" >"$WORK/live.said"
	jq -c "$found" "$WORK/core.json" >"$WORK/core.said"
	same "$name: found as live" "$WORK/core.said" "$WORK/live.said"
	is "$name: how sure" "$(jq -r '[.findings[].certainty] | unique | join(" ")' "$WORK/core.json")" "$4"
}

# Not every one of them says that it is ready.
start_quiet()
{
	rm -rf "$WORK/dies"
	mkdir "$WORK/dies"
	(
		cd "$WORK/dies" || exit 1
		ulimit -c unlimited
		GOTRACEBACK=crash exec "$1"
	) >"$WORK/out" 2>"$WORK/err" &
	PID=$!
	own "$PID"
	wait_for 30 "$BINGO" --once --json "$PID"
}

for v in $(echo "$versions" | sed -n '1p;$p'); do
	wanted "$v" "$@" || continue
	[ -n "$ways" ] || continue
	go=$(awk -v v="$v" '$1 == v { print $2 }' "$WORK/toolchains")
	for f in ab_ba channel_ring nil_send abandoned_receiver once_reentered; do
		finding $f "$v" "$go" proven
	done
	finding waitgroup_never_done "$v" "$go" proven
done

# --- one core, in all states ---
v=$(echo "$versions" | tail -1)
go=$(awk -v v="$v" '$1 == v { print $2 }' "$WORK/toolchains")
if ! can_crash || ! wanted "$v" "$@"; then
	skip "damaged, packed and foreign cores" "the kernel writes no core here, or Go $v was not asked for"
	finish
fi
bin=$(live_build objects "$v" "$go" stripped) || { not_ok "objects is built" "$WORK/build.log"; finish; }
other=$(live_build holders "$v" "$go" stripped) || { not_ok "holders is built" "$WORK/build.log"; finish; }
cp "$bin" "$WORK/prog"
start "$WORK/prog"
take crash || { not_ok "a core is written" "$WORK/err"; finish; }

# replay ARG...: leaves $WORK/got.json, what it says in $WORK/said, and what it returns in $rc
replay()
{
	"$BINGO" --json --replay "$@" >"$WORK/got.json" 2>"$WORK/said"
	rc=$?
}
shape() { jq -c '.goroutines | map([.g, .state, .reason, [.stack[].function]])' "$1"; }
says() { if grep -q "$2" "$WORK/said"; then ok "$1"; else not_ok "$1" "$WORK/said"; fi; }

replay "$WORK/core"
is "the program is found by the core's own word" "$rc" 0
whole=$(shape "$WORK/got.json")
is "what kind it is" "$(jq -r '.target | "\(.kind) \(.go) \(.ended)"' "$WORK/got.json" | sed 's/go1\.[0-9.]*/GO/')" \
	"core GO it was ended by SIGABRT"
"$BINGO" --replay - --json <"$WORK/core" >"$WORK/got.json" 2>"$WORK/said"
is "a core from standard input" "$(shape "$WORK/got.json")" "$whole"
# shellcheck disable=SC2002
cat "$WORK/core" | "$BINGO" --replay - --json >"$WORK/got.json" 2>"$WORK/said"
is "a core from a pipe" "$(shape "$WORK/got.json")" "$whole"

"$BINGO" --replay "$WORK/core" --json --export jsonl="$WORK/a.jsonl" >"$WORK/a.json"
"$BINGO" --replay "$WORK/a.jsonl" --json --export jsonl="$WORK/b.jsonl" >"$WORK/b.json"
check "its export opens and loses nothing" cmp "$WORK/a.jsonl" "$WORK/b.jsonl"
jq -S 'del(.self, .target.replay)' "$WORK/a.json" >"$WORK/a.said"
jq -S 'del(.self, .target.replay)' "$WORK/b.json" >"$WORK/b.said"
same "and shows the same" "$WORK/b.said" "$WORK/a.said"

replay "$WORK/core" --exe "$other"
is "another program is refused" "$rc" 5
says "and named" 'is not the program of .*its build id is'
replay "$WORK/core" --exe "$WORK/none"
is "a program that is not there" "$rc" 5
"$BINGO" --replay "$WORK/a.jsonl" --exe "$bin" >"$WORK/got.json" 2>"$WORK/said"
is "--exe of an export" "$?" 0
printf 'goroutine 1 [running]:\nmain.main()\n\t/src/main.go:3 +0x1d\n' >"$WORK/a.txt"
"$BINGO" --replay "$WORK/a.txt" --exe "$bin" >"$WORK/got.json" 2>"$WORK/said"
is "--exe of a text" "$?" 2
mv "$WORK/prog" "$WORK/moved"
replay "$WORK/core"
is "without the program" "$rc" 5
says "it is said what to do" 'prog is not here.*--exe BIN'
replay "$WORK/core" --exe "$WORK/moved"
is "with the program where it is now" "$(shape "$WORK/got.json")" "$whole"
cp "$other" "$WORK/prog"
replay "$WORK/core"
is "where another build took its place" "$rc" 5
says "that is said" 'prog was replaced since by another build'
mv "$WORK/moved" "$WORK/prog"

if command -v zstd >/dev/null; then
	zstd -q "$WORK/core" -o "$WORK/core.zst"
	replay "$WORK/core.zst"
	is "as systemd-coredump keeps it" "$(shape "$WORK/got.json")" "$whole"
	is "nothing is said to be missing" "$(jq '[.warnings[] | select(test("cut short|damaged"))] | length' "$WORK/got.json")" 0
	head -c $(($(stat -c %s "$WORK/core.zst") * 9 / 10)) "$WORK/core.zst" >"$WORK/cut.zst"
	replay "$WORK/cut.zst"
	case $rc in
	0) is "packed and cut: that is said" "$(jq '.warnings[] | select(test("packed, and cut short"))' "$WORK/got.json" | wc -l)" 1 ;;
	*) is "packed and cut" "$rc" 5 ;;
	esac
	head -c 6000000000 /dev/zero | zstd -q >"$WORK/bomb.zst"
	replay "$WORK/bomb.zst"
	is "what unpacks to far too much is refused" "$rc" 5
else
	skip "packed cores" "no zstd here"
fi

# Cut anywhere: shown with a sentence, or refused with one; never worse.
size=$(stat -c %s "$WORK/core")
bad=0 shown=0
for left in $(seq 1 40 | while read -r i; do echo $((size * i / 41)); done) $((size - 100)) $((size - 5000)) $((size - 100000)); do
	head -c "$left" "$WORK/core" >"$WORK/cut"
	replay "$WORK/cut"
	case $rc in
	0)
		shown=$((shown + 1))
		jq -e '.warnings[] | select(test("cut short"))' "$WORK/got.json" >/dev/null || bad=$((bad + 1))
		;;
	5) grep -q 'cut short' "$WORK/said" || bad=$((bad + 1)) ;;
	*) bad=$((bad + 1)) ;;
	esac
done
is "cut at 43 places, $shown of them shown: each said to be" "$bad" 0
is "where little is missing the rest is shown" "$((shown > 0))" 1

# With its program's pages in it (coredump_filter bit 2) a core stands alone.
start "$WORK/prog"
if (echo 0x37 >"/proc/$PID/coredump_filter") 2>/dev/null; then
	take crash
	mv "$WORK/prog" "$WORK/moved"
	replay "$WORK/core"
	is "a core that has all pages needs no program" "$(jq '.goroutines | length' "$WORK/got.json")" "$(echo "$whole" | jq length)"
	mv "$WORK/moved" "$WORK/prog"
else
	live_stop
	skip "a core that has all pages" "coredump_filter cannot be set here"
fi

# A program that runs: where its goroutines are is in its registers, also behind the handler of the signal.
bin=$(live_build waits "$v" "$go" plain)
start "$bin" -busy 3 "$WORK/dump"
take crash
replay "$WORK/core"
is "goroutines on processors: on which line" "$(jq '[.goroutines[] | select(.stack[-1].function == "main.busy") |
	.stack[0].function != "[running]" and .stack[0].line > 0] | length == 3 and all' "$WORK/got.json")" true

if bin=$(live_build kernel "$v" "$go" cgo 2>/dev/null) && start_quiet "$bin" && take crash; then
	replay "$WORK/core"
	is "a cgo program's core" "$rc" 0
else
	skip "a cgo program's core" "no C compiler here, or it wrote none"
fi
finish
