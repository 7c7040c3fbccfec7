#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# Complete: a program with a goroutine in each kind of wait is seen just as it prints itself
# (runtime.Stack of all, at the same quiet moment): every toolchain, plain, stripped, PIE, cgo.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

# What the model makes of each function's wait.
reasons="chanSend chan-send
chanSendFull chan-send
chanRecv chan-recv
chanRange chan-recv
chanSendNil chan-send-nil
chanRecvNil chan-recv-nil
selectTwo select
selectFive select
selectEmpty select-empty
mutexLock mutex
rwmutexRLock rwmutex-read
rwmutexLock rwmutex-write
rwmutexBehind rwmutex-write
waitGroup waitgroup
condWait cond
onceOwner chan-recv
onceWaiter mutex
sleep sleep
netAccept net
netRead net
netReadUnix net
netReadUDP net
pipeRead io
pipeWrite io
semaphore semaphore
syscallRead syscall
syscallFlock syscall
lockedSyscall syscall
lockedRecv chan-recv
labelled chan-recv
deferred chan-recv
panicking chan-recv
deep chan-recv"

# The goroutine that prints, and the one that takes its signal, are not at rest then.
quiet() { grep -v -e '^1|' -e '|os/signal\.' "$1" | sed 's/|[^|]*$/|/' | sort; }

compare_dump() # NAME options of live_dump...
{
	name=$1
	shift
	rm -f "$WORK/dump"
	"$DUMP" "$@" "$PID" >"$WORK/seen" 2>"$WORK/facts"
	kill -USR1 "$PID"
	wait_for 10 test -e "$WORK/dump"
	awk -f tests/live/normal.awk "$WORK/dump" >"$WORK/told"
	quiet "$WORK/seen" >"$WORK/seen.quiet"
	quiet "$WORK/told" >"$WORK/told.quiet"
	same "$name: $(wc -l <"$WORK/told.quiet") goroutines as runtime.Stack has them" \
		"$WORK/seen.quiet" "$WORK/told.quiet"
	is "$name: all stacks to their end, no record thrown away" \
		"$(sed 's/.*\(thrown [0-9]*\).*\(lost [0-9]*\).*/\1 \2/' "$WORK/facts")" "thrown 0 lost 0"
}

compare_labels()
{
	is "$1: labels" "$(awk -F'|' '$4 ~ /main.labelled / && $6 != "" {print $6}' "$WORK/seen" | sort -u)" \
		"req=7f,tenant=acme"
	is "$1: labels of the child" \
		"$(awk -F'|' '$4 ~ /main.labelledChild / {print $6}' "$WORK/seen")" "req=7f,tenant=acme"
	is "$1: twelve labels" "$(awk -F'|' '$4 ~ /main.labelledMany / {print $6}' "$WORK/seen")" \
		"$(for i in 0 1 2 3 4 5 6 7 8 9 10 11; do printf 'key%02d=value%02d\n' $i $i; done | paste -sd,)"
}

# The whole program: state and reason of each goroutine, threads with their system calls.
compare_report()
{
	"$BINGO" --once --json "$PID" >"$WORK/report" 2>"$WORK/err" || {
		not_ok "$1: a report" "$WORK/err"
		return
	}
	jq -r '.goroutines[] | "\(.stack[-1].function | sub("^main\\."; "")) \(.reason // "-")"' \
		"$WORK/report" | sort -u >"$WORK/reasons"
	echo "$reasons" | sort >"$WORK/wanted"
	grep -Fx -f "$WORK/wanted" "$WORK/reasons" >"$WORK/got"
	same "$1: reasons" "$WORK/got" "$WORK/wanted"
	is "$1: how long is at least" "$(jq -r '[.goroutines[].wait_is] | unique | join(" ")' "$WORK/report")" \
		at-least
	is "$1: threads in system calls" \
		"$(jq -r '.threads[].syscall // empty' "$WORK/report" | grep -e read -e flock -e nanosleep | sort | paste -sd' ')" \
		"flock nanosleep read read"
}

one() # VERSION GO KIND
{
	name="Go $1 $3"
	if ! bin=$(live_build waits "$1" "$2" "$3"); then
		if [ "$3" = cgo ] && ! command -v gcc >/dev/null; then skip "$name" "no C compiler"
		else not_ok "$name builds" "$WORK/build.log"; fi
		return
	fi
	live_start "$bin" "$WORK/dump" || { not_ok "$name starts" "$WORK/err"; return; }
	compare_dump "$name"
	compare_labels "$name"
	case $3 in
	plain) command -v jq >/dev/null && compare_report "$name" ;;
	stripped) compare_dump "$name, from memory alone" --no-file ;;
	pie) compare_dump "$name, by /proc/PID/mem" --procmem ;;
	esac
	live_stop
}

live_go >"$WORK/go"
while read -r v go; do
	[ $# = 0 ] || case " $* " in *" $v "*) ;; *) continue ;; esac
	for kind in plain stripped pie cgo; do one "$v" "$go" $kind; done
done <"$WORK/go"
[ -s "$WORK/go" ] || skip "live waits" "no Go toolchain is here (tests/toolchains.sh fetches them)"
finish
