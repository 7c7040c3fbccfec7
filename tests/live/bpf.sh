#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# What the kernel's side tells: the right goroutine, of the right process, in any pid namespace; how
# long system calls last; and that nothing of it stays behind.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
TELL=$BUILD/tests/live/bpf_dump
MS=${MS:-1000}
CYCLES=${CYCLES:-50}
BPFTOOL=$(command -v bpftool || echo /usr/sbin/bpftool)

if ! why=$("$TELL" can); then
	skip "the kernel's side" "$(echo "$why" | sed -n 's/^state [a-z]* off //p' | head -n 1)"
	finish
fi

# Of samples with a function work… in their stack: how many there are, how many have another goroutine
# than that function's; and of those in the program's own code, how many have none or a doubtful one.
# A thread that schedules has none, and is not told of.
judge() # DUMP
{
	awk 'FNR == NR { if ($1 == "g") id[$2] = $3; next }
		$1 == "sample" && $6 in id && ($2 || $3 % 2) { n++; bad += $2 != id[$6] || int($3 / 2) % 2 }
		$1 == "sample" && $5 ~ /^main\./ { leaf++; bad += !$2 || int($3 / 2) % 2 }
		END { print (n > 20 && leaf > 10 ? "enough" : "only " n + 0 " and " leaf + 0), bad + 0 }' "$WORK/out" "$1"
}

# Until there is enough to judge by.
collect() # FILE
{
	: >"$1"
	for _ in 1 2 3 4 5 6 7 8; do
		"$TELL" "$PID" "$MS" >>"$1" 2>&1
		case $(judge "$1") in enough*) break ;; esac
	done
}

all_builds()
{
	for v in 1.19 1.24 1.27; do
		go=$(live_go | sed -n "s/^$v //p")
		for kind in plain stripped pie cgo; do
			[ "$v-$kind" = 1.27-stripped ] || [ "$kind" != stripped ] || continue # pie is stripped, too
			name="Go $v, $kind"
			if [ -z "$go" ]; then
				skip "$name" "no Go $v"
			elif ! prog=$(live_build kernel "$v" "$go" "$kind"); then
				[ "$kind" = cgo ] && skip "$name" "it cannot be built here" || not_ok "$name: builds" "$WORK/build.log"
			else
				live_start "$prog"
				collect "$WORK/dump"
				is "$name: every sample has its goroutine" "$(judge "$WORK/dump")" "enough 0"
				is "$name: nothing lost" "$(grep ^lost "$WORK/dump" | sort -u)" "lost 0"
				live_stop
			fi
		done
	done
}

# The newest there is, for all that is no matter of versions.
newest() { live_go | tail -n 1; }

system_calls()
{
	live_start "$PROG" -quiet -every 50
	"$TELL" "$PID" 3000 >"$WORK/dump"
	g=$(sed -n 's/^g main.workRead //p' "$WORK/out")
	is "read() that waits 50 ms: median of its latency" "$(awk -v g="$g" '$1 == "call" && $2 == g && $4 == 0 { print int($5 / 1e6) }' "$WORK/dump" |
		sort -n | awk '{ v[NR] = $1 } END { m = v[int((NR + 1) / 2)]; print (NR > 30 && m >= 49 && m < 60 ? "right" : NR " calls, " m " ms") }')" right
	is "read(): its descriptor is told" "$(awk -v g="$g" '$1 == "call" && $2 == g && $4 == 0 { print $6 }' "$WORK/dump" | sort -u)" \
		"$(for f in /proc/"$PID"/fd/*; do case $(readlink "$f") in pipe:*) echo "${f##*/}" ;; esac; done | awk '$1 > 2' | sort -n | head -n 1)"
	is "sums: as many calls as there were" "$(awk -v g="$g" '$1 == "sum" && $2 == g { n += $4 } END { print (n > 40 && n < 200 ? "so" : n) }' "$WORK/dump")" so
	"$BINGO" --budget 100 --duration 2 --json "$PID" >"$WORK/report" 2>/dev/null
	# The slowest is as long as the machine lets it be, but no shorter.
	check "the report has them" grep -qE '"slowest_syscall":\{"name":"read","ns":([4-9][0-9]{7}|[0-9]{9,})[,}]' "$WORK/report"
	check "the report has threads' times" grep -q '"cpu_ns":[1-9]' "$WORK/report"
	"$BINGO" --duration 0.7 --no-bpf "$PID" >"$WORK/report" 2>/dev/null
	check "--no-bpf is said" grep -q '^bpf off: --no-bpf' "$WORK/report"
	"$BINGO" doctor "$PID" >"$WORK/report"
	is "doctor: each part" "$(grep -cE '^ok +(samples|sched|syscalls) ' "$WORK/report")" 3
	live_stop
}

# Where others make millions of calls a second, an idle program's are not worth what they lose by it.
neighbours()
{
	live_start "$PROG" -quiet -every 1000
	dd if=/dev/zero of=/dev/null bs=1 2>/dev/null &
	dd=$!
	"$BINGO" --json -n 100000 -d 0.3 "$PID" >"$WORK/report" 2>/dev/null &
	us=$!
	own "$dd" "$us"
	check "a neighbour that calls the kernel all the time: calls are seen in windows, and why is said" \
		wait_for 60 grep -q '"group":"syscalls","state":"cut".*others. calls among them' "$WORK/report"
	kill "$us" "$dd"
	wait "$us" "$dd" 2>/dev/null
	live_stop
}

two_processes()
{
	live_start "$PROG"
	other=$PID
	cp "$WORK/out" "$WORK/other"
	live_start "$PROG"
	"$TELL" "$PID" 2000 >"$WORK/dump"
	ls "/proc/$PID/task" >"$WORK/tids"
	is "two of one program: nothing of the other" \
		"$(awk 'FNR == NR { own[$1]; next } $1 ~ /^(sample|sum|call)$/ { n++; t = $1 == "sample" ? $4 : $3; bad += !(t in own) } END { print (n > 100), bad + 0 }' "$WORK/tids" "$WORK/dump")" "1 0"
	live_stop
	PID=$other
	live_stop
}

namespaces()
{
	if ! unshare --pid --fork --mount-proc true 2>/dev/null; then
		skip "another pid namespace" "unshare is not allowed here"
		return
	fi
	: >"$WORK/out"
	unshare --pid --fork "$PROG" >"$WORK/out" 2>&1 &
	outer=$!
	own "$outer"
	wait_for 30 grep -q '^ready' "$WORK/out"
	PID=$(cat "/proc/$outer/task/$outer/children")
	PID=${PID% }
	own "$PID"
	collect "$WORK/dump"
	is "a target in another pid namespace" "$(judge "$WORK/dump")" "enough 0"
	kill -9 "$PID"
	wait "$outer" 2>/dev/null
	: >"$WORK/out"
	unshare --pid --fork --kill-child --mount-proc sh -c '
		"$1" >"$2" & p=$!
		until grep -q ^ready "$2"; do sleep 0.1; done
		"$3" $p "$4"
		kill -9 $p' sh "$PROG" "$WORK/out" "$TELL" 2500 >"$WORK/dump" 2>&1
	is "both in another pid namespace" "$(judge "$WORK/dump")" "enough 0"
}

# Of the machine's programs, maps and links those that may be ours, as "prog_id:7"; others who watch have the same.
ours()
{
	for kind in prog map; do
		"$BPFTOOL" $kind list 2>/dev/null |
			sed -nE "s/^([0-9]+):.* name (on_[a-z]+|find_target|threads|ring|hits|events|probes) .*/${kind}_id:\1/p"
	done >"$WORK/bpf"
	cat "$WORK/bpf"
	"$BPFTOOL" link list 2>/dev/null | awk 'FNR == NR { own[$1]; next }
		"prog_id:" $4 in own && $3 == "prog" { sub(/:/, "", $1); print "link_id:" $1 }' "$WORK/bpf" -
}
held() { cat "$@" 2>/dev/null | awk '/^(prog|map|link)_id:/ { print $1 $2 }' | sort -u; }
# What no process holds stays.
left() { ours | sort -u | comm -23 - <(held /proc/[0-9]*/fdinfo/*); }
as_before() { [ -z "$(left | comm -13 "$WORK/left" -)" ]; }
are_there() { [ "$(held /proc/"$us"/fdinfo/* | cut -d: -f1 | sort -u | wc -l)" = 3 ]; }

nothing_stays()
{
	if ! "$BPFTOOL" prog list >/dev/null 2>&1; then
		skip "nothing stays" "no bpftool"
		return
	fi
	live_start "$PROG"
	left >"$WORK/left"
	is "$CYCLES times on and off" "$("$TELL" "$PID" cycles "$CYCLES")" "failed 0 stayed 0"
	check "$CYCLES times on and off: no program, map or link stays" wait_for 30 as_before
	"$BINGO" -b -d 0.2 "$PID" >/dev/null 2>&1 &
	us=$!
	own "$us"
	check "watched: they are there" wait_for 30 are_there
	held /proc/"$us"/fdinfo/* >"$WORK/held"
	ours | sort -u >"$WORK/ours"
	is "all that it holds is told apart" "$(comm -23 "$WORK/held" "$WORK/ours" | grep -vc map_id)" 0
	kill -9 "$us"
	wait "$us" 2>/dev/null
	check "after kill -9: none stays" wait_for 30 as_before
	live_alive && ok "the target works on" || not_ok "the target works on"
	live_stop
}

all_builds
# shellcheck disable=SC2046
set -- $(newest)
if [ $# -lt 2 ] || ! PROG=$(live_build kernel "$1" "$2" plain); then
	skip "the rest" "no Go toolchain is here"
	finish
fi
system_calls
two_processes
neighbours
namespaces
nothing_stays
finish
