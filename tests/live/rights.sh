#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# What rights are left while something is watched: in all threads, with and without a screen, as root and
# by file capabilities; that all works on with them; and that an editor is started with none, nor held.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh

READ_SEARCH=2 KILL=5 SETPCAP=8 PTRACE=19 ADMIN=21 NICE=23 PERFMON=38 BPF=39
if [ "$(cat /proc/sys/kernel/cap_last_cap)" -ge $BPF ]; then FOR_BPF="$PERFMON $BPF"; else FOR_BPF=$ADMIN; fi
FOR_BPF_ALONE="$FOR_BPF"
# Where each probe is a perf event, which takes CAP_SYS_ADMIN.
! "$BINGO" doctor | grep -q 'uprobe_multi comes with' || FOR_BPF="$FOR_BPF $ADMIN"

field() { sed -n "s/^$2:[[:space:]]*//p" "$1" | head -n 1; }
own=$((16#$(field /proc/self/status CapPrm)))
caps() # CAP...: those of them that we have, as the kernel prints them
{
	sum=0
	for c; do sum=$((sum | (own & (1 << c)))); done
	printf '%016x' $sum
}

# shellcheck disable=SC2046
set -- $(live_go | tail -n 1)
if [ $# -lt 2 ] || ! PROG=$(live_build load "$1" "$2" plain); then
	skip "rights" "no Go toolchain is here (tests/toolchains.sh fetches them)"
	finish
fi
"$BINGO" doctor >"$WORK/doctor" 2>&1
if ! grep -q '^ok *caps ' "$WORK/doctor" || ! grep -q '^ok *seccomp ' "$WORK/doctor"; then
	skip "rights" "$(sed -n 's/^part *\(caps\|seccomp\) *//p' "$WORK/doctor" | head -n 1)"
	finish
fi
probes=$(grep -c '^ok *probes' "$WORK/doctor")
bound=$(field /proc/self/status CapBnd)
[ "$(caps $SETPCAP)" = 0000000000000000 ] || bound=0000000000000000

# held PID: what its threads have, one line each that is not as another
held()
{
	cat /proc/"$1"/task/*/status | awk '/^(CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):/ { s = s " " $2 } /^Seccomp:/ { print s; s = "" }' | sort -u
}
is_held() { [ "$(held "$1")" = "$2" ]; }
threads() { [ "$(ls "/proc/$1/task" | wc -l)" -ge "$2" ]; }
line() { echo " 0000000000000000 $1 $1 $2 0000000000000000 $3"; } # CAPS BOUND "PRIVS SECCOMP"

watched() # NAME CAPS COMMAND...: reports without a screen
{
	name=$1 want=$2
	shift 2
	: >"$WORK/reports"
	"$@" >>"$WORK/reports" 2>"$WORK/stderr" &
	us=$!
	own "$us"
	wait_for 30 test -s "$WORK/reports" || not_ok "$name: reports" "$WORK/stderr"
	wait_for 10 is_held $us "$(line "$want" "$bound" "1 2")"
	is "$name: all threads have what is needed, and no more" "$(held $us)" "$(line "$want" "$bound" "1 2")"
}
ends() { kill -INT $us; wait $us; }

batches()
{
	watched "reports" "$(caps $READ_SEARCH $PTRACE $NICE $FOR_BPF)" "$BINGO" --json -d 0.1 -n 100000 --budget 100 "$PID"
	check "reports: the threads that read, stop and probe are there" wait_for 30 threads $us $((3 + probes))
	check "reports: goroutines are seen" wait_for 30 grep -q '"function":"main.park"' "$WORK/reports"
	[ "$probes" = 0 ] || check "reports: probes are put on" wait_for 60 grep -q '"state":"on"' "$WORK/reports"
	ends
	watched "--no-bpf" "$(caps $READ_SEARCH $PTRACE $NICE)" "$BINGO" -b -d 0.1 --no-bpf "$PID"
	ends
	watched "--no-bpf --no-ptrace" "$(caps $READ_SEARCH $PTRACE)" "$BINGO" -b -d 0.1 --no-bpf --no-ptrace "$PID"
	ends
	watched "a command" "$(caps $READ_SEARCH $PTRACE $NICE $FOR_BPF $KILL)" "$BINGO" -b -d 0.1 -- "$PROG" -parked 10
	command=$(cat /proc/$us/task/$us/children) # the first of them
	command=${command%% *}
	is "a command: it has its own rights" "$(held $command)" \
		"$(line "$(field /proc/self/status CapEff)" "$(field /proc/self/status CapBnd)" "0 0")"
	ends
	check "a command: it is ended with us" wait_for 10 eval "! kill -0 $command || grep -q '^State:.*Z' /proc/$command/status"
}

# A container's root may have CAP_SYS_ADMIN in place of the two newer ones: then it is what has to stay.
admin_alone()
{
	name="CAP_SYS_ADMIN alone"
	if [ "$(caps $SETPCAP $ADMIN $PTRACE)" != "$(printf '%016x' $((1 << SETPCAP | 1 << ADMIN | 1 << PTRACE)))" ] ||
		! command -v setpriv >/dev/null || [ "$FOR_BPF_ALONE" = $ADMIN ]; then
		skip "$name" "not root, no setpriv, or a kernel that knows no other"
		return
	fi
	bound=$(caps $PTRACE $ADMIN) # nobody is left to empty it
	watched "$name" "$bound" setpriv --bounding-set=-all,+sys_ptrace,+sys_admin --inh-caps=-all \
		"$BINGO" --json -d 0.1 -n 100000 --budget 100 "$PID"
	[ "$probes" = 0 ] || check "$name: probes are put on" wait_for 60 grep -q '"state":"on"' "$WORK/reports"
	ends
	bound=0000000000000000
}

# A running goroutine's place is what ptrace tells.
running()
{
	live_start "$(live_build running "$1" "$2" plain)" || { not_ok "running: starts" "$WORK/err"; return; }
	: >"$WORK/reports"
	"$BINGO" --json -d 0.1 -n 100000 --no-bpf "$PID" >>"$WORK/reports" 2>"$WORK/stderr" &
	us=$!
	own "$us"
	check "threads are stopped for their registers" wait_for 30 grep -q '"samples":[1-9]' "$WORK/reports"
	ends
	live_stop
}

exports()
{
	if [ "$(id -u)" != 0 ]; then
		skip "exports into another user's folder" "not root"
		return
	fi
	mkdir "$WORK/theirs"
	chown 65534 "$WORK/theirs"
	check "an export into another user's folder" "$BINGO" --once --export "jsonl=$WORK/theirs/x" "$PID"
	is "it is there" "$(sed -n '1s/[^{]*{.*/events/p' "$WORK/theirs/x")" events
	head -c 10000000 /dev/zero >"$WORK/theirs/y"
	"$BINGO" --once --export "dot=$WORK/theirs/y" "$PID"
	is "what was in the file before is gone" "$(tail -c 2 "$WORK/theirs/y")" "}"
	"$BINGO" --once --filter '(' --json --export "dot=$WORK/theirs/z" 4194000 2>/dev/null
	is "no file where nothing could be watched" "$(ls "$WORK/theirs")" "x
y"
}

# --- with a screen ---
shows() { $t capture-pane -p | grep -qF -- "$1"; }
keys() { $t send-keys "$@"; }

screen()
{
	if ! command -v tmux >/dev/null; then
		skip "with a screen" "no tmux here"
		return
	fi
	printf '#!/bin/sh\ncat /proc/self/status >"%s/editor"\necho "EDITING $*"\nread -r _\n' "$WORK" >"$WORK/ed"
	chmod +x "$WORK/ed"
	goroutine=$("$BINGO" --once --json "$PID" | jq '[.goroutines[] | select(.stack[-1].function == "main.park" or .stack[0].function == "main.park" or .stack[1].function == "main.park")][0].g')
	t="tmux -L bingo-rights-$$ -f /dev/null"
	$t new-session -d -x 100 -y 30 "exec env VISUAL='$WORK/ed' TERM=tmux-256color '$BINGO' --budget 100 $PID 2>'$WORK/stderr'"
	us=$($t list-panes -F '#{pane_pid}')
	check "a screen: it shows" wait_for 30 shows LIVE
	want=$(line "$(caps $READ_SEARCH $PTRACE $NICE $FOR_BPF)" "$bound" "1 2")
	is "a screen: all threads have what is needed, and no more" "$(held "$us")" "$want"
	[ "$probes" = 0 ] || check "a screen: its threads are there" wait_for 30 threads "$us" 4
	is "a screen: so have those that came later" "$(held "$us")" "$want"
	helper=$(cat "/proc/$us/task/$us/children") # the first of them
	helper=${helper%% *}
	is "the helper: no capability, and not held" "$(held "$helper")" "$(line 0000000000000000 "$bound" "0 0")"
	keys ":goroutine $goroutine" Enter
	keys 3
	keys e
	check "the editor is started" wait_for 30 shows EDITING
	is "the editor: no capability, and not held" "$(for f in CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp; do field "$WORK/editor" $f; done | xargs)" \
		"0000000000000000 0000000000000000 $bound 0000000000000000 0 0"
	keys Enter
	check "the screen comes back" wait_for 30 shows LIVE
	keys y
	check "what is copied goes to tmux" wait_for 30 $t show-buffer
	$t resize-window -x 90 -y 28
	check "it is resized" wait_for 30 shows LIVE
	keys q
	check "it ends" wait_for 30 eval "! kill -0 $us"
	check "and its helper with it" wait_for 30 eval "! kill -0 $helper"
	$t kill-server 2>/dev/null
}

# --- by file capabilities ---
by_file()
{
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"; live_cleanup' EXIT
	chmod 755 "$dir"
	cp "$BINGO" "$dir/bingo"
	if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
		skip "file capabilities" "not root, or no setpriv"
		return
	fi
	if ! setcap cap_sys_ptrace,cap_dac_read_search,cap_bpf,cap_perfmon+ep "$dir/bingo" 2>"$WORK/stderr" ||
		! setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/bingo" --version >/dev/null 2>"$WORK/stderr"; then
		skip "file capabilities" "$(head -n 1 "$WORK/stderr")"
		return
	fi
	set -- setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/bingo"
	bound=$(field /proc/self/status CapBnd)
	watched "file capabilities" "$(caps $READ_SEARCH $PTRACE $FOR_BPF)" "$@" --json -d 0.1 -n 100000 --budget 100 "$PID"
	check "file capabilities: root's process is seen" wait_for 30 grep -q '"function":"main.park"' "$WORK/reports"
	[ "$probes" = 0 ] || check "file capabilities: probes are put on" wait_for 60 grep -q '"state":"on"' "$WORK/reports"
	ends
	watched "file capabilities, --no-bpf" "$(caps $READ_SEARCH $PTRACE)" "$@" -b -d 0.1 --no-bpf "$PID"
	ends
}

version=$1 go=$2
live_start "$PROG" -parked 20 || { not_ok "the target starts" "$WORK/err"; finish; }
batches
admin_alone
exports
if command -v jq >/dev/null; then screen; else skip "with a screen" "no jq here"; fi
by_file
live_stop
running "$version" "$go"
finish
