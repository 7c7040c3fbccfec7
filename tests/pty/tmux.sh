#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program within tmux, as terminals of several kinds: it shows, moves, leaves, and leaves nothing behind. TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
if ! command -v tmux >/dev/null; then
	skip "within tmux" "no tmux here"
	finish
fi
work=$(mktemp -d) || exit 1
t=true
unset TMUX
trap '$t kill-server 2>/dev/null; rm -rf "$work"' EXIT
LC_ALL=C.UTF-8
export LC_ALL

within() # TEXT: waits until the screen has it, a minute at most
{
	tries=1200
	until $t capture-pane -p -S -200 2>/dev/null | grep -qF -- "$1"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

left() # waits until the program is no longer what runs there
{
	tries=1200
	while [ "$($t display-message -p '#{pane_current_command}')" = bingo-top ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# The shell before and after is the witness: its line is there again, and echoes.
try() # TERM
{
	within 'ready>' || { echo "no shell"; return; }
	$t send-keys "TERM=$1 $BUILD/bingo-top --replay tests/data/demo.trace" Enter
	if [ "$1" = dumb ]; then
		within 'cannot place its cursor' || echo "no reason is given"
		within 'goroutines' || echo "no report"
		return
	fi
	within REPLAY || { echo "no screen"; return; }
	within Quit || echo "no bar"
	$t send-keys Down Enter
	within 'Goroutines' || echo "the list is gone"
	$t send-keys '?'
	within Keys || echo "no help"
	$t send-keys q q
	left || { echo "it does not quit"; return; }
	$t send-keys 'echo back with $?' Enter
	within 'back with 0' || echo "the shell does not echo, or the exit code is wrong"
	[ "$($t display-message -p '#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_cursor_flag}')" = "0 1 0 0" ] ||
		echo "left behind: $($t display-message -p 'alternate #{alternate_on} cursor #{cursor_flag} mouse #{mouse_any_flag} keypad #{keypad_cursor_flag}')"
}

for term in xterm-256color tmux-256color screen linux vt100 dumb; do
	if ! infocmp "$term" >/dev/null 2>&1; then
		skip "TERM=$term" "this machine does not know it"
		continue
	fi
	# a server that is about to end must not be met by the next one
	t="tmux -L bingo-test-$$-$term -f /dev/null"
	$t new-session -d -x 80 -y 24 "env PS1='ready> ' sh -i"
	try "$term" >"$work/said" 2>&1
	if [ -s "$work/said" ]; then
		$t capture-pane -p >>"$work/said" 2>&1
		not_ok "TERM=$term" "$work/said"
	else
		ok "TERM=$term"
	fi
	$t kill-server 2>/dev/null
done

# A file that is read before there is a screen: what is found in it shows by itself.
cat >"$work/dump.txt" <<'TEXT'
goroutine 1 [chan receive (nil chan), 5 minutes]:
main.main()
	/src/app/main.go:10 +0x1d

goroutine 18 [select (no cases), 5 minutes]:
main.serve()
	/src/app/main.go:20 +0x1d
created by main.main in goroutine 1
	/src/app/main.go:8 +0x25
TEXT
t="tmux -L bingo-test-$$-dump -f /dev/null"
$t new-session -d -x 80 -y 24 "env TERM=tmux-256color $BUILD/bingo-top --replay '$work/dump.txt'"
if within '1 warning'; then
	ok "findings of a small file show without a key"
else
	$t capture-pane -p >"$work/said" 2>&1
	not_ok "findings of a small file show without a key" "$work/said"
fi
finish
