#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# Something goes wrong at one system call after the other (live_inject): the target is killed, a call fails, is
# interrupted or gives too little, the disk is full; and the target's number becomes another program's. Each time
# bingo-top ends by itself, with the contract's exit code and a sentence, and leaves nobody behind.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
INJECT=$(cd "$BUILD" && pwd)/tests/live/live_inject
export XDG_CONFIG_HOME=/proc/none XDG_CONFIG_DIRS=/proc/none XDG_STATE_HOME=/proc/none

# shellcheck disable=SC2046
set -- $(live_go | tail -n 1)
if [ $# -lt 2 ] || ! PROG=$(live_build load "$1" "$2" plain); then
	skip "faults" "no Go toolchain is here (tests/toolchains.sh fetches them)"
	finish
fi
TARGET="$PROG -parked 5 -report 3600000"
LOOKS=openat,open,readlink,readlinkat,read,pread64,newfstatat,getdents64,process_vm_readv,ptrace,perf_event_open,bpf,pidfd_open

# injected NAME OPTION... -- ARG...: of live_inject, and of bingo-top; % is the target
injected()
{
	name=$1 options=
	shift
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	# shellcheck disable=SC2086
	if timeout -k 5 200 "$INJECT" $options "$TARGET" -- "$BINGO" "$@" >"$WORK/said" 2>&1; then
		if grep -q ^SKIP "$WORK/said"; then skip "$name" "$(sed -n 's/^SKIP //p' "$WORK/said")"; return 1; fi
		ok "$name: $(grep ^cases "$WORK/said")"
	else
		not_ok "$name" "$WORK/said"
	fi
}
never_said() { check "$1: it is not called what it is not" eval "! grep -q 'no Go program\|makes no sense\|cannot be read' '$WORK/said'"; }

# --- the target is killed ---
injected "killed at each call up to the first report" -m kill -x 0,3,4 -c $LOOKS -- --once --json --no-bpf % &&
	never_said "killed"
injected "killed, and nobody waits for it" -m zombie -n 60 -x 0,3,4 -c $LOOKS -- --once --json --no-bpf % &&
	never_said "a zombie"
injected "killed while probes and programs are put on" -m kill -n 12 -x 0,4 -c bpf,perf_event_open,ptrace -- --json -n 3 -d 0.3 %

# --- calls fail: once, and from then on ---
for error in EPERM ESRCH ENOENT EIO EMFILE; do
	injected "$error once" -m $error -n 30 -x 0,3,4 -c $LOOKS -- --once --json --no-bpf %
	injected "$error for good" -m $error+ -n 30 -x 0,3,4 -c $LOOKS -- --once --json --no-bpf %
done
check "a limit of ours is no end of the target" eval "! grep -q 'there is no process\|has ended' '$WORK/said'"
injected "EPERM of ptrace" -m EPERM+ -n 3 -c ptrace -- --json -n 3 -d 0.2 --no-bpf %
injected "ESRCH of ptrace" -m ESRCH -n 3 -c ptrace -- --json -n 3 -d 0.2 --no-bpf %

# --- no memory in the kernel ---
injected "ENOMEM of bpf(), once" -m ENOMEM -n 12 -c bpf -- --json -n 2 -d 0.3 %
injected "ENOMEM of perf_event_open()" -m ENOMEM+ -n 4 -c perf_event_open -- --json -n 2 -d 0.3 %
if "$BINGO" doctor | grep -q '^ok *bpf' && injected "ENOMEM of bpf(), for good" -m ENOMEM+ -a 1 -c bpf -o "$WORK/json" -- --json -n 3 -d 0.3 %; then
	check "ENOMEM of bpf(): one word says so" grep -q '"bpf":"bpf off: no memory"' "$WORK/json"
fi

# --- calls are interrupted, or give less than was asked for ---
whole() { tail -n 1 "$WORK/json" | grep -q '"counts":{"total":[67],.*"function":"main.park"'; }
injected "EINTR, every other time" -m 'EINTR*' -o "$WORK/json" \
	-c openat,read,write,pread64,process_vm_readv,wait4,waitid,ppoll,poll,epoll_wait,epoll_pwait,clock_nanosleep,nanosleep,futex,recvmsg,sendmsg,getrandom,fsync,flock \
	-- --json -n 3 -d 0.3 --record "$WORK/r.bingo" --export jsonl="$WORK/x" % && {
	check "EINTR: the report is as ever" whole
	check "EINTR: so is the recording" eval "'$BINGO' --replay '$WORK/r.bingo' --json | grep -q main.park"
}
injected "process_vm_readv() gives half" -m short -c process_vm_readv -o "$WORK/json" -- --json -n 2 -d 0.3 --no-bpf % &&
	check "half: the report is as ever" whole

# --- the disk is full ---
mkdir "$WORK/disk"
for error in ENOSPC EIO; do
	injected "$error of each write" -m $error+ -x 0,2 -l 3 -d "$WORK/disk" -c write,pwrite64,writev,ftruncate,fallocate,fsync \
		-- --json -n 2 -d 0.2 --no-bpf --record "$WORK/disk/r" --export jsonl="$WORK/disk/x" --export svg="$WORK/disk/s" %
	rm -f "$WORK"/disk/*
done

# goes NAME CODE PATTERN COMMAND...: what it prints goes to a full disk
full()
{
	"${@:4}" >/dev/full 2>"$WORK/stderr"
	is "$1: exit code" $? "$2"
	check "$1: says why" grep -q "$3" "$WORK/stderr"
}
live_start "$PROG" -parked 5 || not_ok "the target starts" "$WORK/err"
if [ -c /dev/full ]; then
	full "a report to a full disk" 2 'standard output' "$BINGO" --json -n 3 -d 0.1 "$PID"
	full "an export to a full disk" 2 'No space left' "$BINGO" --once --export jsonl=- "$PID"
	full "help to a full disk" 2 'No space left' "$BINGO" --help
	full "the doctor to a full disk" 2 'No space left' "$BINGO" doctor
fi
# the reader goes after the first line; SIGPIPE is the answer that shells know
timeout 60 "$BINGO" --json -d 0.05 "$PID" 2>"$WORK/stderr" | head -n 1 >"$WORK/first"
is "a closed pipe: exit code" "${PIPESTATUS[0]}" 141
is "a closed pipe: nothing is said" "$(cat "$WORK/stderr")" ""

# --- its exit is not taken for somebody else's life: the number is given again ---
cat >"$WORK/reuse" <<'SH'
"$PROG" -parked 50 >"$WORK/one" 2>&1 &
pid=$!
until grep -q ready "$WORK/one"; do sleep 0.05; done
"$BINGO" --json -d 0.1 --no-bpf $pid >"$WORK/json" 2>"$WORK/stderr" &
us=$!
until grep -q counts "$WORK/json"; do sleep 0.05; done
kill -STOP $us
kill -9 $pid
wait $pid
"$ODD" at $pid "$OTHER" "$WORK/dump" >"$WORK/two" 2>&1 || { kill -9 $us; echo SKIP; exit; }
until grep -q . "$WORK/two"; do sleep 0.05; done
kill -CONT $us
wait $us
echo "code $?"
kill -9 $pid 2>/dev/null
exit 0
SH
ODD=$(cd "$BUILD" && pwd)/tests/live/live_odd
export PROG BINGO WORK ODD
if [ "$(id -u)" = 0 ] && OTHER=$(live_build waits "$1" "$2" plain) && export OTHER &&
	timeout -k 5 100 unshare --pid --fork --kill-child --mount-proc bash "$WORK/reuse" >"$WORK/said" 2>/dev/null && ! grep -q SKIP "$WORK/said"; then
	is "the number is another program's: exit code" "$(grep code "$WORK/said")" "code 0"
	check "the number is another program's: its end is told" eval "tail -n 1 '$WORK/json' | grep -q '\"ended\":\"process [0-9]* .*has ended'"
	check "the number is another program's: nothing of that is shown" eval "! grep -q chanSendFull '$WORK/json'"
else
	skip "the number is another program's" "no right to choose a process id here"
fi
live_stop
finish
