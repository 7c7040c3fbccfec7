#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# Variables out of core dumps: the same as of the process while it lived. With every toolchain, plain and
# built for a debugger; of goroutines that ran when the program died; stripped; packed; and of cores that
# lack some of the memory, where a variable may be told to be missing and never be wrong.
#
#   tests/live/corevars.sh [VERSION...]     default: all toolchains that are there
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
. tests/live/cores.sh
VARS=$(cd "$BUILD" && pwd)/tests/live/vars_dump

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
		TZ=Europe/Berlin GOMAXPROCS=16 GOTRACEBACK=crash exec "$@"
	) >"$WORK/out" 2>"$WORK/err" &
	PID=$!
	own "$PID"
	wait_for 60 grep -q '^ready' "$WORK/out"
}

said() { grep -v '^ready' "$WORK/out" | sort -u >"$WORK/said"; }
dump() { "$VARS" "$@" 2>"$WORK/dump.err" | sort -u; }
# Leaves $WORK/wrong, and $right, $gone, $absent, $lacking.
compare() # SAID READ
{
	awk -v core=1 -v sums="$WORK/sums" -f tests/live/vars_compare.awk "$1" "$2" >"$WORK/wrong"
	read -r _ right _ gone _ absent _ lacking <"$WORK/sums"
}

one() # VERSION GO KIND HOW
{
	local name="Go $1 $3, $4" bin
	bin=$(live_build vars "$1" "$2" "$3") || { not_ok "$name builds" "$WORK/build.log"; return; }
	start "$bin" || { not_ok "$name starts" "$WORK/err"; return; }
	said
	dump "$PID" >"$WORK/live"
	take "$4" || { not_ok "$name: a core is written" "$WORK/err"; return; }
	dump "$WORK/core" >"$WORK/read"
	compare "$WORK/said" "$WORK/read"
	if [ ! -s "$WORK/wrong" ] && [ "$right" -ge 150 ] && [ "$lacking" = 0 ] && { [ "$3" != debug ] || [ "$gone$absent" = 00 ]; }; then
		ok "$name: $right right, $gone told to be optimised away, $absent of which DWARF tells nothing"
	else
		cat "$WORK/sums" "$WORK/dump.err" >>"$WORK/wrong"
		not_ok "$name: 150 and more are right, and none is wrong" "$WORK/wrong"
	fi
	same "$name: as live" "$WORK/read" "$WORK/live"
}

# Without DWARF: the arguments as words, as live.
bare() # VERSION GO HOW
{
	local name="Go $1 stripped" bin
	bin=$(live_build vars "$1" "$2" stripped) || { not_ok "$name builds" "$WORK/build.log"; return; }
	start "$bin" || { not_ok "$name starts" "$WORK/err"; return; }
	dump "$PID" >"$WORK/live"
	take "$3" || { not_ok "$name: a core is written" "$WORK/err"; return; }
	dump "$WORK/core" >"$WORK/read"
	if grep -q '^main.many # the program has no DWARF: arguments as words' "$WORK/read" &&
		grep -q '^main.many arg 2  = 0x2' "$WORK/read"; then
		same "$name: arguments as words, as live" "$WORK/read" "$WORK/live"
	else
		not_ok "$name: arguments as words" "$WORK/read"
	fi
}

# Goroutines that run: in a handler of the signal that ended them, or where they were.
busy() # VERSION GO KIND handled|unhandled
{
	local name="Go $1 $3, running, $4" bin
	bin=$(live_build vars "$1" "$2" "$3") || { not_ok "$name builds" "$WORK/build.log"; return; }
	start "$bin" -run "$([ "$4" = handled ] || echo unhandled)" || { not_ok "$name starts" "$WORK/err"; return; }
	grep -E "$runs" "$WORK/out" | sort -u >"$WORK/said"
	take crash || { not_ok "$name: a core is written" "$WORK/err"; return; }
	dump "$WORK/core" | grep -E "$runs" >"$WORK/read"
	compare "$WORK/said" "$WORK/read"
	if [ ! -s "$WORK/wrong" ] && [ "$right" -ge 3 ]; then
		ok "$name: $right right, $gone told to be gone, $absent not in scope, none wrong"
	else
		cat "$WORK/sums" >>"$WORK/wrong"
		not_ok "$name: none is wrong" "$WORK/wrong"
	fi
}
runs='^main\.(spins|divides|moves|adds|deeper|calls|allocates|asks|swaps|compares|weighs|inlines|squared) '

# The heap in part, and the file in part.
holes()
{
	local bad=0 shown=0 lack=0 size
	size=$(stat -c %s "$WORK/core")
	: >"$WORK/all.wrong"
	for k in $(seq 4 24; seq 28 4 60); do
		dump -c "0:$k/64" "$WORK/core" >"$WORK/read"
		[ -s "$WORK/read" ] || [ -s "$WORK/dump.err" ] || bad=$((bad + 1))
		compare "$WORK/said" "$WORK/read"
		cat "$WORK/wrong" >>"$WORK/all.wrong"
		lack=$((lack + lacking)) shown=$((shown + right))
		dump -c "1:$k/64" "$WORK/core" >"$WORK/read"
		compare "$WORK/said" "$WORK/read"
		cat "$WORK/wrong" >>"$WORK/all.wrong"
		lack=$((lack + lacking)) shown=$((shown + right))
	done
	for k in 1 2 3 4 5 6 7 8 9; do
		head -c $((size * k / 10)) "$WORK/core" >"$WORK/cut"
		dump "$WORK/cut" >"$WORK/read"
		[ -s "$WORK/read" ] || [ -s "$WORK/dump.err" ] || bad=$((bad + 1))
		compare "$WORK/said" "$WORK/read"
		cat "$WORK/wrong" >>"$WORK/all.wrong"
		lack=$((lack + lacking)) shown=$((shown + right))
	done
	if [ ! -s "$WORK/all.wrong" ] && [ "$lack" -gt 0 ] && [ "$shown" -gt 0 ]; then
		ok "with memory missing: $shown right, $lack told not to be in the core, none wrong"
	else
		echo "right $shown lacking $lack" >>"$WORK/all.wrong"
		not_ok "with memory missing none is wrong" "$WORK/all.wrong"
	fi
	is "a core that is refused says why" "$bad" 0
}

# A core in which a goroutine is in main.spins, and no collector has just asked it to pause: $r.
spinning()
{

	for _ in $(seq 25); do
		start "$1" -run unhandled && take crash || return 1
		"$BINGO" --replay "$WORK/core" --json >"$WORK/core.json" 2>"$WORK/err"
		r=$(jq '.goroutines[] | select(.state == "running" and .stack[0].function == "main.spins") | .g' "$WORK/core.json")
		[ -z "$r" ] || return 0
	done
	return 1
}

# The pane: a goroutine that waits, and one that ran.
screen()
{
	local g lack=
	g=$(jq '.goroutines[] | select(any(.stack[]; .function == "main.args")) | .g' "$WORK/core.json")
	cat >"$WORK/keys" <<-KEYS
		wait-loaded
		:goroutine $g
		:pane variables
		key )
		save-screen $WORK/before
		key Down
		key Down
		key Down
		key Right
		save-screen $WORK/parked
		:goroutine $r
		save-screen $WORK/ran
	KEYS
	"$BINGO" --script "$WORK/keys" --size 120x40 --replay "$WORK/core" >"$WORK/err" 2>&1
	for want in 'main.args' 'a int 1' 'b string "two"' '▾ d main.point {X: 4, Y: 5}' 'X int 4' 'h error nil'; do
		grep -qF "$want" "$WORK/parked" || lack="$lack; $want"
	done
	for want in 'main.spins' 'a uint64 3' 's string "spinning"'; do
		grep -qF "$want" "$WORK/ran" || lack="$lack; $want"
	done
	is "the pane shows a core's variables" "$lack" ""
	[ -z "$lack" ] || sed 's/^/# /' "$WORK/parked" "$WORK/ran"
}

live_go >"$WORK/toolchains"
[ -s "$WORK/toolchains" ] || { skip "variables of cores" "no Go toolchain is here; tests/toolchains.sh fetches some"; finish; }
how=
if can_crash; then how=crash; elif command -v gcore >/dev/null; then how=gcore; fi
[ -n "$how" ] || { skip "variables of cores" "core_pattern leads elsewhere, and no gcore is here"; finish; }
wanted() { [ $# -gt 1 ] || return 0; case " ${*:2} " in *" $1 "*) ;; *) return 1 ;; esac; }

while read -r v go; do
	wanted "$v" "$@" || continue
	one "$v" "$go" plain $how
	one "$v" "$go" debug $how
	bare "$v" "$go" $how
	[ $how = crash ] || continue
	busy "$v" "$go" plain unhandled
	busy "$v" "$go" debug unhandled
	busy "$v" "$go" plain handled
done <"$WORK/toolchains"
[ $how = crash ] || skip "goroutines that run" "the kernel writes no core here"

# shellcheck disable=SC2046
set -- $(tail -n 1 "$WORK/toolchains")
one "$1" "$2" pie-dwarf $how
if [ $how = crash ] && command -v gcore >/dev/null; then
	one "$1" "$2" plain gcore
	rm -f "$WORK/core"
else
	skip "cores by gcore" "no gcore here, or there is nothing else"
fi
one "$1" "$2" plain $how
cp "$WORK/read" "$WORK/whole"
if command -v zstd >/dev/null; then
	zstd -q "$WORK/core" -o "$WORK/core.zst"
	dump "$WORK/core.zst" >"$WORK/read"
	same "packed with zstd: the same" "$WORK/read" "$WORK/whole"
else
	skip "packed with zstd" "no zstd here"
fi
holes
if [ $how = crash ] && command -v jq >/dev/null; then
	bin=$(live_build vars "$1" "$2" plain)
	if spinning "$bin"; then screen; else not_ok "a core for the pane" "$WORK/err"; fi
else
	skip "the pane" "no jq here, or the kernel writes no core"
fi
finish
