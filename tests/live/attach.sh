#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# A target's life and ours: attached a thousand times it stays as it was, whatever becomes of us it
# runs on, and whatever becomes of it is said in one sentence with the right exit code.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
ODD=$BUILD/tests/live/live_odd
TIMES=${TIMES:-1000}

# says NAME CODE PATTERN COMMAND...: its exit code, and a pattern in what it says on standard error
says()
{
	name=$1 code=$2 pattern=$3
	shift 3
	timeout 30 "$@" >"$WORK/stdout" 2>"$WORK/stderr"
	got=$?
	if [ $got != "$code" ]; then
		echo "exit code $got, not $code" >>"$WORK/stderr"
		not_ok "$name" "$WORK/stderr"
	elif [ "$(wc -l <"$WORK/stderr")" -gt 1 ]; then
		not_ok "$name: in one sentence" "$WORK/stderr"
	elif grep -qE "$pattern" "$WORK/stderr"; then
		ok "$name: $(head -1 "$WORK/stderr")"
	else
		echo "nothing there of: $pattern" >>"$WORK/stderr"
		not_ok "$name" "$WORK/stderr"
	fi
}

# shows NAME PATTERN COMMAND...: succeeds and prints something like it
shows()
{
	name=$1 pattern=$2
	shift 2
	if timeout 30 "$@" >"$WORK/stdout" 2>"$WORK/stderr" && grep -qE "$pattern" "$WORK/stdout"; then
		ok "$name"
	else
		{ cat "$WORK/stderr"; grep -vE '^ ' "$WORK/stdout"; echo "nothing there of: $pattern"; } >"$WORK/why"
		not_ok "$name" "$WORK/why"
	fi
}

facts() # what attaching might change
{
	echo "fds $(ls "/proc/$PID/fd" | wc -l)"
	grep -E '^(State|TracerPid|SigBlk|SigIgn|SigCgt|Seccomp|VmLck):' "/proc/$PID/status" | sed 's/[RS] (.*)/at rest/'
	echo "maps $(grep -c . "/proc/$PID/maps")"
}

odd() # MODE ARG...: starts it; the pid to look at is $ODD_PID
{
	: >"$WORK/odd"
	"$ODD" "$@" >"$WORK/odd" 2>&1 &
	ODD_OWN=$!
	own "$ODD_OWN"
	wait_for 10 grep -q ready "$WORK/odd"
	ODD_PID=$(sed -n 's/^ready //p' "$WORK/odd")
}

odd_stop() { kill -9 "$ODD_OWN"; wait "$ODD_OWN" 2>/dev/null; }

many_attaches()
{
	live_start "$PROG" -parked 1000 -pingpong 1
	"$BINGO" --once "$PID" >/dev/null 2>&1
	sleep 0.5
	facts >"$WORK/before"
	failed=0
	for _ in $(seq "$TIMES"); do
		"$BINGO" --once "$PID" >/dev/null 2>>"$WORK/failures" || failed=$((failed + 1))
	done
	sleep 0.5
	facts >"$WORK/after"
	is "$TIMES attaches: all succeed" "$failed" 0
	same "$TIMES attaches: the target is as it was" "$WORK/after" "$WORK/before"
	before=$(wc -l <"$WORK/out")
	wait_for 10 sh -c "[ \$(wc -l <'$WORK/out') -gt $((before + 1)) ]" &&
		ok "$TIMES attaches: it works on" || not_ok "$TIMES attaches: it works on" "$WORK/out"
	"$BINGO" -b -d 0.1 "$PID" >/dev/null 2>&1 &
	us=$!
	own "$us"
	sleep 0.4
	kill -9 "$us"
	wait "$us" 2>/dev/null
	before=$(wc -l <"$WORK/out")
	wait_for 10 sh -c "[ \$(wc -l <'$WORK/out') -gt $((before + 1)) ]" &&
		ok "kill -9 of bingo-top leaves it running" || not_ok "kill -9 of bingo-top" "$WORK/out"
	facts >"$WORK/after"
	same "kill -9 of bingo-top leaves it as it was" "$WORK/after" "$WORK/before"
	live_stop
}

stopped_and_traced()
{
	live_start "$PROG" -parked 100
	kill -STOP "$PID"
	wait_for 5 grep -q '^State:.*T' "/proc/$PID/status"
	shows "stopped: it is read all the same" "goroutines 10[0-9]" "$BINGO" --once "$PID"
	shows "stopped: and said so" "STOPPED by a signal" "$BINGO" --duration 0.5 "$PID"
	kill -CONT "$PID"
	odd trace "$PID"
	shows "under a debugger: it is read all the same" "goroutines 10[0-9]" "$BINGO" --once "$PID"
	shows "under a debugger: the doctor says who" "process $ODD_OWN debugs it" "$BINGO" doctor "$PID"
	odd_stop
	live_alive && ok "after the debugger: it still runs" || not_ok "after the debugger: it still runs"
	live_stop
}

ends_while_watched()
{
	live_start "$PROG" -parked 100
	: >"$WORK/watch"
	"$BINGO" -b -d 0.2 "$PID" >"$WORK/watch" 2>"$WORK/stderr" &
	us=$!
	own "$us"
	wait_for 5 grep -q goroutines "$WORK/watch"
	live_stop
	wait "$us"
	is "it ends: exit code" "$?" 0
	grep -q "^ENDED: process $PID .*has ended" "$WORK/watch" && ok "it ends: the last report says so" ||
		not_ok "it ends: the last report says so" "$WORK/stderr"
	is "it ends: its last picture is there" "$(grep -c '^goroutines 10' "$WORK/watch" | sed 's/[1-9][0-9]*/some/')" some
	"$BINGO" --json -n 2 -d 0.3 -- sh -c "exec '$PROG' -parked 10 >/dev/null & sleep 0.2; kill \$!; wait" >/dev/null 2>&1
}

executes_another()
{
	live_start "$PROG" -parked 50 -exec "$OTHER" "$WORK/dump"
	: >"$WORK/watch"
	"$BINGO" -b -d 0.2 --json "$PID" >"$WORK/watch" 2>"$WORK/stderr" &
	us=$!
	own "$us"
	wait_for 5 grep -q counts "$WORK/watch"
	kill -USR1 "$PID"
	wait_for 10 grep -q '"main.chanSendFull"' "$WORK/watch" && ok "execve of a Go program: the new one is shown" ||
		not_ok "execve of a Go program: the new one is shown" "$WORK/stderr"
	tail -1 "$WORK/watch" | grep -q '"main.park"' && not_ok "execve: nothing of the old one stays" ||
		ok "execve: nothing of the old one stays"
	kill "$us"
	wait "$us"
	is "SIGTERM: exit code" "$?" 143
	live_stop
	live_start "$PROG" -parked 50 -exec /bin/sleep 60
	: >"$WORK/watch"
	"$BINGO" -b -d 0.2 "$PID" >"$WORK/watch" 2>"$WORK/stderr" &
	us=$!
	own "$us"
	wait_for 5 grep -q goroutines "$WORK/watch"
	kill -USR1 "$PID"
	wait "$us"
	grep -q '^ENDED: process .* executed another program.*no Go program' "$WORK/watch" &&
		ok "execve of another program: said so" || not_ok "execve of another program: said so" "$WORK/watch"
	live_stop
}

files_and_rights()
{
	cp "$PROG" "$WORK/prog"
	live_start "$WORK/prog" -parked 100
	rm "$WORK/prog"
	shows "deleted binary" "note: the program's file was replaced or deleted" "$BINGO" --once "$PID"
	cp /bin/true "$WORK/prog"
	shows "replaced binary: the old one's functions" "main.park .*main.go" "$BINGO" --once "$PID"
	if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
		says "another user's" 3 "belongs to user 0 .*this mends it: .*bingo-top" setpriv --reuid=65534 --regid=65534 --clear-groups "$BINGO" --once "$PID"
		setpriv --reuid=65534 --regid=65534 --clear-groups "$BINGO" doctor "$PID" >"$WORK/stdout" 2>&1
		is "another user's: the doctor's exit code" $? 3
		grep -A1 '^no *process' "$WORK/stdout" | grep -q 'mend: .*bingo-top' &&
			ok "another user's: the doctor has the command" || not_ok "the doctor's command" "$WORK/stdout"
	else
		skip "another user's" "not root"
	fi
	live_stop
	mkdir -p "$WORK/root"
	cp "$PROG" "$WORK/root/prog"
	# a root that is no mount point, such as a chroot, has no propagation to change
	if [ "$(id -u)" = 0 ] && unshare --pid --fork --mount --propagation unchanged chroot "$WORK/root" /prog -parked 0 -for 0 \
		2>&1 | grep -q 'not defined: -for'; then
		: >"$WORK/out"
		unshare --pid --fork --mount --propagation unchanged chroot "$WORK/root" /prog -parked 100 >"$WORK/out" 2>&1 &
		us=$!
		own "$us"
		wait_for 10 grep -q ready "$WORK/out"
		PID=$(pgrep -P "$us" | head -1)
		own "$PID"
		shows "in a container (pid and mount namespace, chroot)" "main.park .*main.go" "$BINGO" --once "$PID"
		is "in a container: its path" "$("$BINGO" --once "$PID" | sed -n '1s/^bingo-top *live *\([^ ]*\).*/\1/p' | sed 's/.*\/prog/prog/')" prog
		# where it was built there lies another file in its own root
		src=$PWD/tests/targets/load
		mkdir -p "$WORK/root$src"
		sed 's,^,// of its own root: ,' "$src/main.go" >"$WORK/root$src/main.go"
		printf 'wait-loaded\nwait-passes 2\nfilter main.park\nkey Home\nkey 3\nsave-screen -\n' >"$WORK/script"
		shows "in a container: sources of its own root" 'of its own root: ' "$BINGO" --script "$WORK/script" --size 120x40 "$PID"
	else
		skip "in a container" "no right to make namespaces"
	fi
}

no_target()
{
	says "no such process" 3 "no process 4194000" "$BINGO" --once 4194000
	odd sleep
	says "no Go program" 3 "no Go program" "$BINGO" --once "$ODD_PID"
	odd_stop
	odd zombie
	says "a zombie" 4 "has ended" "$BINGO" --once "$ODD_PID"
	odd_stop
	if grep -q kthreadd /proc/2/stat 2>/dev/null; then says "a thread of the kernel" 3 "kernel" "$BINGO" --once 2
	else skip "a thread of the kernel" "none is to be seen in this namespace"; fi
	printf '.globl _start\n_start: mov $29, %%eax\n int $0x80\n jmp _start\n' >"$WORK/odd32.s"
	if gcc -m32 -nostdlib -static -o "$WORK/odd32" "$WORK/odd32.s" 2>/dev/null; then
		"$WORK/odd32" &
		p=$!
		own "$p"
		sleep 0.1
		says "a 32-bit program" 3 "32-bit" "$BINGO" --once $p
		kill -9 $p
		wait $p 2>/dev/null
	else
		skip "a 32-bit program" "gcc cannot make one"
	fi
	says "a word instead of a number" 2 "not nonsense" "$BINGO" --once nonsense
	says "two processes" 2 "one process" "$BINGO" --once 1 2
}

commands()
{
	shows "a command: its goroutines" "goroutines 10[0-9]" "$BINGO" --duration 1 -- "$PROG" -parked 100
	shows "a command behind a shell" "goroutines 10[0-9]" "$BINGO" --duration 0.5 -- sh -c "sleep 0.3; exec '$PROG' -parked 100"
	says "a command that is not there" 3 "cannot start /nowhere" "$BINGO" --once -- /nowhere
	says "a command that ends at once" 4 "exited with status 7 before" "$BINGO" --once -- sh -c "exit 7"
	says "no command" 2 "no command" "$BINGO" --once --
	"$BINGO" -b -d 0.2 -- "$PROG" -parked 10 >"$WORK/stdout" 2>&1 &
	us=$!
	own "$us"
	wait_for 10 grep -q '^goroutines' "$WORK/stdout"
	child=$(pgrep -P "$us" | head -1)
	kill -INT "$us"
	wait "$us"
	is "SIGINT: exit code" "$?" 130
	wait_for 5 sh -c "! kill -0 $child || grep -q '^State:.*Z' /proc/$child/status" &&
		ok "a command ends with us" || not_ok "a command ends with us"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		"$PROG" -parked 10 >/dev/null 2>&1 &
		PID=$!
		own "$PID"
		"$BINGO" --once $PID >/dev/null 2>"$WORK/stderr" || { not_ok "a program just started, $i" "$WORK/stderr"; return; }
		live_stop
	done
	ok "a program just started: ten times"
}

v=$(live_go | tail -1)
if [ -z "$v" ]; then
	skip "attaching" "no Go toolchain is here (tests/toolchains.sh fetches them)"
	finish
fi
# shellcheck disable=SC2086
PROG=$(live_build load $v stripped) && OTHER=$(live_build waits $v plain) || {
	not_ok "the targets are built" "$WORK/build.log"
	finish
}
no_target
commands
stopped_and_traced
ends_while_watched
executes_another
files_and_rights
many_attaches
finish
