#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# Disassembly of the frame that is chosen: of a running process, of its core dump, and of what was recorded
# of it, with the program named. With every toolchain; stripped and PIE as well.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

# What the pane has to show at the frame of main.args, which waits in main.park: its own call, or,
# where that is inlined, the one within.
shows() # NAME ARG...
{
	what=$1
	shift
	cat >"$WORK/keys" <<-KEYS
		wait-loaded
		:goroutine $g
		:pane source
		key )
		$press
		save-screen $WORK/screen
	KEYS
	rm -f "$WORK/lack" "$WORK/screen"
	"$BINGO" --script "$WORK/keys" --size 80x40 "$@" >"$WORK/err" 2>&1
	for want in '^[0-9]*/[0-9]* main\.args .*more\.go:'"$line\$" '^main\.args  [0-9]* bytes at 0x[0-9a-f]*$' \
		'^▶ [0-9a-f]*  call \(main\.park\|runtime\.chanrecv1\)$' "^more\.go:$line$text"; do
		grep -q "$want" "$WORK/screen" || echo "not there: $want" >>"$WORK/lack"
	done
	[ ! -s "$WORK/lack" ] && ok "$what" || { cat "$WORK/screen" "$WORK/err" >>"$WORK/lack"; not_ok "$what" "$WORK/lack"; }
}

says() # NAME WANT ARG...
{
	what=$1 want=$2
	shift 2
	"$BINGO" --script "$WORK/keys" --size 200x40 "$@" >"$WORK/err" 2>&1
	grep -q "$want" "$WORK/screen" && ok "$what" || { cat "$WORK/err" >>"$WORK/screen"; not_ok "$what" "$WORK/screen"; }
}

# The goroutine that stands in main.args, and its line there.
find_g()
{
	"$BINGO" --once --json "$PID" 2>/dev/null |
		jq -r '.goroutines[] | .g as $g | .stack[] | select(.function == "main.args") | "\($g) \(.line)"' >"$WORK/at"
	read -r g line <"$WORK/at"
}

one() # VERSION GO KIND
{
	press='key d' text='  park()'
	[ "$3" != pie ] || press='' text='' # built with -trimpath: there is no source, so it comes by itself
	name="Go $1 $3"
	bin=$(live_build vars "$1" "$2" "$3") || { not_ok "$name builds" "$WORK/build.log"; return; }
	live_start "$bin" || { not_ok "$name starts" "$WORK/err"; return; }
	find_g
	shows "$name: a running process" "$PID"
	shows "$name: without ptrace and BPF" --no-ptrace --no-bpf "$PID"
	"$BINGO" --once --export jsonl="$WORK/a.jsonl" "$PID" >/dev/null 2>"$WORK/err"
	shows "$name: an export, and the program" --replay "$WORK/a.jsonl" --exe "$bin"
	if command -v gcore >/dev/null; then
		gcore -o "$WORK/g" "$PID" >"$WORK/gcore.log" 2>&1
		shows "$name: a core dump" --replay "$WORK/g.$PID" --exe "$bin"
		rm -f "$WORK/g.$PID"
	else
		skip "$name: a core dump" "no gcore here"
	fi
	live_stop
}

wrong() # VERSION GO: after one(), of which the export is left
{
	other=$(live_build waits "$1" "$2" plain) || { not_ok "another program builds" "$WORK/build.log"; return; }
	says "another program is told apart" 'waits.* is not the program that' \
		--replay "$WORK/a.jsonl" --exe "$other"
	says "without the program it is said how to name it" 'exe BIN names it' --replay "$WORK/a.jsonl"
	"$BINGO" --replay "$WORK/a.jsonl" --exe /etc/passwd --json >/dev/null 2>"$WORK/err"
	is "what is no program" "$?" 5
	grep -q . "$WORK/err" && ok "is refused in a sentence" || not_ok "is refused in a sentence" "$WORK/err"
}

command -v jq >/dev/null || { skip "disassembly" "no jq here"; finish; }
live_go >"$WORK/toolchains"
[ -s "$WORK/toolchains" ] || { skip "disassembly" "no Go toolchain is here; tests/toolchains.sh fetches some"; finish; }
case $("$BINGO" --version) in
*without*disassembly*) skip "disassembly" "built without capstone"; finish ;;
esac
while read -r v go; do
	one "$v" "$go" plain
done <"$WORK/toolchains"
# shellcheck disable=SC2046
set -- $(tail -n 1 "$WORK/toolchains")
one "$1" "$2" stripped
one "$1" "$2" pie
one "$1" "$2" pie-dwarf
wrong "$1" "$2"
finish
