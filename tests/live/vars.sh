#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# A program prints more than two hundred of its variables; what is read of it from outside has to be the
# same: all of them where it is built for a debugger, and as `go build` does it each is right or told to
# be optimised away. With every toolchain.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
VARS=$(cd "$BUILD" && pwd)/tests/live/vars_dump

# Lines of what the program says, "FUNCTION NAME TYPE = TEXT". Of a generic function several are
# instances, so one name may stand for several lines.
said()
{
	grep -v '^ready' "$WORK/out" | LC_ALL=C sort -u
}

one() # VERSION GO KIND
{
	name="Go $1 $3"
	bin=$(live_build vars "$1" "$2" "$3") || { not_ok "$name builds" "$WORK/build.log"; return; }
	TZ=Europe/Berlin live_start "$bin" || { not_ok "$name starts" "$WORK/err"; return; }
	said >"$WORK/said"
	"$VARS" "$PID" >"$WORK/read" 2>"$WORK/err" || { not_ok "$name is read" "$WORK/err"; live_stop; return; }
	LC_ALL=C sort -u "$WORK/read" >"$WORK/sorted"
	awk -v sums="$WORK/sums" -f tests/live/vars_compare.awk "$WORK/said" "$WORK/sorted" >"$WORK/wrong"
	read -r _ right _ gone _ absent _ <"$WORK/sums"
	if [ -s "$WORK/wrong" ]; then
		not_ok "$name: none is wrong" "$WORK/wrong"
	else
		ok "$name: $right right, $gone told to be optimised away, $absent of which DWARF tells nothing"
	fi
	if [ "$3" = debug ]; then
		[ "$gone$absent" = 00 ] && ok "$name: none is missing" || not_ok "$name: none is missing" "$WORK/sums"
	else
		[ "$right" -ge 150 ] && ok "$name: 150 and more are right" ||
			not_ok "$name: 150 and more are right" "$WORK/sums"
	fi
	grep -q '^main.shadows x (shadowed) int = 1$' "$WORK/read" &&
		ok "$name: a hidden variable is told apart" || not_ok "$name: a hidden variable is told apart" "$WORK/read"
	live_stop
}

# Without DWARF: the arguments as words.
bare() # VERSION GO
{
	name="Go $1 stripped"
	bin=$(live_build vars "$1" "$2" stripped) || { not_ok "$name builds" "$WORK/build.log"; return; }
	live_start "$bin" || { not_ok "$name starts" "$WORK/err"; return; }
	"$VARS" "$PID" main.many >"$WORK/read" 2>"$WORK/err"
	for want in 'main.many # the program has no DWARF: arguments as words' 'main.many arg 1  = 0x1' \
		'main.many arg 2  = 0x2'; do
		grep -q "^$want" "$WORK/read" || echo "no line: $want" >>"$WORK/lack"
	done
	[ ! -s "${WORK}/lack" ] && ok "$name: arguments are words" || not_ok "$name: arguments are words" "$WORK/read"
	rm -f "$WORK/lack"
	live_stop
}

# The pane of a running process: opened, and one frame further out.
screen() # VERSION GO
{
	bin=$(live_build vars "$1" "$2" plain) || { not_ok "the pane: Go $1 builds" "$WORK/build.log"; return; }
	live_start "$bin" || { not_ok "the pane: Go $1 starts" "$WORK/err"; return; }
	g=$("$BINGO" --once --json "$PID" 2>/dev/null |
		jq '.goroutines[] | select(any(.stack[]; .function == "main.args")) | .g')
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
		save-screen $WORK/screen
	KEYS
	"$BINGO" --script "$WORK/keys" --size 120x40 "$PID" >"$WORK/err" 2>&1
	for want in 'main.args' 'a int 1' 'b string "two"' '▾ d main.point {X: 4, Y: 5}' 'X int 4' 'h error nil'; do
		grep -qF "$want" "$WORK/screen" || echo "not there: $want" >>"$WORK/lack"
	done
	[ ! -s "$WORK/lack" ] && ok "the pane shows a running process's variables" ||
		{ cat "$WORK/screen" "$WORK/err" >>"$WORK/lack"; not_ok "the pane shows a running process's variables" "$WORK/lack"; }
	live_stop
}

[ -n "$(live_go)" ] || { skip "variables" "no Go toolchain is here; tests/toolchains.sh fetches some"; finish; }
live_go >"$WORK/toolchains"
while read -r v go; do
	one "$v" "$go" plain
	one "$v" "$go" debug
	bare "$v" "$go"
done <"$WORK/toolchains"
# where the file's addresses are not the process's, and where another linker has put the DWARF together
# shellcheck disable=SC2046
set -- $(tail -n 1 "$WORK/toolchains")
one "$1" "$2" pie-dwarf
if command -v gcc >/dev/null; then
	one "$1" "$2" cgo
else
	skip "linked by the C linker" "no gcc here"
fi
if command -v jq >/dev/null; then
	screen "$1" "$2"
else
	skip "the pane" "no jq here"
fi
finish
