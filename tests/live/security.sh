#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 300
# What docs/security.md claims and no other suite shows: the target's files are open for reading alone, what is
# written where others may write does no harm, another user's configuration starts nothing, and a file that is
# cut short while it is read is no end.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
export XDG_CONFIG_DIRS=/proc/none XDG_STATE_HOME=/proc/none TMPDIR=$WORK

# --- each claim's test is there ---
# shellcheck disable=SC2013
for test in $(grep -o '`tests/[a-z_/]*\.\(sh\|c\)`' docs/security.md | tr -d '`' | sort -u); do
	check "docs/security.md: $test is there" test -e "$test"
done

# --- the target's files ---
# fds PID: "path flags" of those that lead into the target's /proc
fds()
{
	for fd in /proc/"$1"/fd/*; do
		path=$(readlink "$fd") || continue
		case $path in "/proc/$PID/"*) echo "$path $(sed -n 's/^flags:[[:space:]]*//p' "/proc/$1/fdinfo/${fd##*/}")" ;; esac
	done
}
writable() { fds "$1" | awk '$2 ~ /[1267]$/'; }

watched()
{
	live_start "$PROG" -parked 5 || { not_ok "the target starts" "$WORK/err"; return; }
	: >"$WORK/reports"
	"$BINGO" --json -d 0.1 "$PID" >"$WORK/reports" 2>"$WORK/stderr" &
	us=$!
	own "$us"
	check "the target is watched" wait_for 30 grep -q counts "$WORK/reports"
	check "its memory is open" wait_for 10 eval "fds $us | grep -q '/mem '"
	is "nothing of it is open for writing" "$(writable $us)" ""
	is "NoNewPrivs" "$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/$us/status)" 1
	if "$BINGO" doctor | grep -q '^ok *seccomp'; then
		is "Seccomp: a filter" "$(sed -n 's/^Seccomp:[[:space:]]*//p' /proc/$us/status)" 2
	fi
	kill -INT $us
	wait $us
	is "it ends: nobody is left" "$(pgrep -P $us)" ""
	live_stop
}

# --- folders that others write to ---
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

shared_folder()
{
	if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
		skip "a folder that others write to" "not root, or no setpriv"
		return
	fi
	chmod 711 "$WORK"
	mkdir -m 1777 "$WORK/shared"
	echo precious >"$WORK/precious"
	as_nobody ln -s "$WORK/precious" "$WORK/shared/link"
	as_nobody sh -c "echo his >'$WORK/shared/his'"
	for name in link his; do
		"$BINGO" --replay tests/data/demo.trace --export "dot=$WORK/shared/$name" >/dev/null 2>"$WORK/stderr"
		is "an export to another user's $name: refused" $? 2
		check "an export to another user's $name: says why" grep -q "cannot write $WORK/shared/$name" "$WORK/stderr"
	done
	"$BINGO" --replay tests/data/demo.trace --json --record "$WORK/shared/link" >/dev/null 2>"$WORK/stderr"
	check "a recording to another user's link: refused" grep -q "nothing is recorded" "$WORK/stderr"
	is "what the link leads to is as it was" "$(cat "$WORK/precious")" precious
	is "so is his file" "$(cat "$WORK/shared/his")" his
	ln -s "$WORK/own" "$WORK/shared/own"
	"$BINGO" --replay tests/data/demo.trace --export "dot=$WORK/shared/own" >/dev/null 2>"$WORK/stderr"
	is "a link of one's own is followed" "$(tail -c 2 "$WORK/own" 2>/dev/null)" "}"
	# who may plant a configuration would start what he likes, with the rights of who presses e
	mkdir -p "$WORK/config/bingo-top"
	printf '[screen]\ncolor = nonsense\n' >"$WORK/config/bingo-top/config"
	XDG_CONFIG_HOME=$WORK/config "$BINGO" --replay tests/data/demo.trace --json >"$WORK/stdout" 2>"$WORK/stderr"
	is "one's own configuration is read" $? 2
	chown 65534 "$WORK/config/bingo-top/config"
	XDG_CONFIG_HOME=$WORK/config "$BINGO" --replay tests/data/demo.trace --json >"$WORK/stdout" 2>"$WORK/stderr"
	is "another user's is not" $? 0
}

# --- files of our own ---
spooled() { readlink /proc/"$1"/fd/* 2>/dev/null | grep -q "^$WORK/.*(deleted)"; }
temporary()
{
	mkfifo "$WORK/pipe"
	"$BINGO" --replay - --json <"$WORK/pipe" >/dev/null 2>&1 &
	us=$!
	own "$us"
	exec 7>"$WORK/pipe"
	head -c 100000 tests/data/demo.trace >&7
	check "what comes through a pipe lies in a file without a name" wait_for 20 spooled $us
	for fd in /proc/$us/fd/*; do
		case $(readlink "$fd") in "$WORK"/*deleted*) is "that only its user may read" "$(stat -Lc %a "$fd")" 600 ;; esac
	done
	exec 7>&-
	wait $us
}

# --- a file that is cut short meanwhile ---
cut_short()
{
	cp tests/data/demo.trace "$WORK/cut"
	rm -f "$WORK/loaded"
	{
		printf 'wait-loaded\nsave-screen %s\n' "$WORK/loaded"
		wait_for 60 test -s "$WORK/loaded"
		: >"$WORK/cut"
		printf 'goto 10ms\nsave-screen -\n'
	} | XDG_CONFIG_HOME=/proc/none timeout 100 "$BINGO" --script - --size 100x30 --replay "$WORK/cut" >"$WORK/stdout" 2>"$WORK/stderr"
	is "a file is cut short while it is read: exit code" "${PIPESTATUS[1]}" 2
	check "a file is cut short while it is read: says so" grep -q 'became shorter while it was read' "$WORK/stderr"
}

# shellcheck disable=SC2046
set -- $(live_go | tail -n 1)
if [ $# -ge 2 ] && PROG=$(live_build load "$1" "$2" plain); then
	watched
else
	skip "a target's files" "no Go toolchain is here (tests/toolchains.sh fetches them)"
fi
shared_folder
temporary
cut_short
finish
