#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# Recordings: what is read back of them is what was watched, of processes and of traces; killed while it
# records, without room, without the file; bounded, or kept only around what was asked for.
# BINGO_TIMES: how often it is killed (8).
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
R=$WORK/a.bingo

# --- traces ---
for t in tests/data/demo.trace tests/data/traces/*.trace; do
	n=$(basename "$t")
	"$BINGO" --replay "$t" --record "$R" --json --export jsonl="$WORK/a" >/dev/null &&
		"$BINGO" --replay "$R" --json --export jsonl="$WORK/b" >/dev/null
	check "$n: its recording tells the same" cmp "$WORK/a" "$WORK/b"
done
"$BINGO" --replay "$R" --record "$WORK/again.bingo" --json >"$WORK/json"
"$BINGO" --replay "$WORK/again.bingo" --json --export jsonl="$WORK/b" >/dev/null
check "a recording of a recording tells the same" cmp "$WORK/a" "$WORK/b"

# Every screen of the golden ones, but for the header's two lines.
"$BINGO" --replay tests/data/demo.trace --record "$WORK/demo.bingo" --json >/dev/null
screen_of() # FILE KEYS: on standard output
{
	{ cat "$2" && echo "save-screen $WORK/one"; } | "$BINGO" --replay "$1" --size 120x40 --script - >/dev/null 2>&1
	sed 1,2d "$WORK/one"
	rm -f "$WORK/one"
}
for k in tests/golden/*.keys; do
	screen_of tests/data/demo.trace "$k" >"$WORK/a" 2>&1
	screen_of "$WORK/demo.bingo" "$k" >"$WORK/b" 2>&1
	same "golden $(basename "$k" .keys): the recording shows the same screen" "$WORK/b" "$WORK/a"
done

cp "$R" "$WORK/keep"
"$BINGO" --replay "$R" --record "$R" --json >"$WORK/json" 2>"$WORK/err"
is "the file that is replayed is not written over: the session goes on" "$?" 0
check "the file that is replayed is not written over" cmp "$R" "$WORK/keep"

# --- what is wrong with the call ---
refused() # NAME WORD ARGUMENT...
{
	name=$1 word=$2
	shift 2
	"$BINGO" "$@" >"$WORK/said" 2>&1
	is "$name: wrong usage" "$?" 2
	if grep -q -e "$word" "$WORK/said"; then ok "$name: says why"; else not_ok "$name: says why" "$WORK/said"; fi
}
refused "an unknown condition" 'column 10' --record "$R" --record-on 'deadlock|dedlock' 1
refused "a condition without a number" 'column 9' --record "$R" --record-on 'blocked>' 1
refused "a unit that is none" 'column 11' --record "$R" --record-on 'blocked>30x' 1
refused "growth without a time" 'column 11' --record "$R" --record-on 'growth>100' 1
refused "a condition that is missing" 'column 10' --record "$R" --record-on 'deadlock|' 1
refused "nothing to record to" '--record FILE' --record-on deadlock 1
refused "too small a bound" '256K' --record "$R" --record-limit 10 1

# A file of something else is not written over; the session goes on.
echo precious >"$WORK/other"
"$BINGO" --replay tests/data/demo.trace --record "$WORK/other" --json >"$WORK/json" 2>"$WORK/err"
is "a file of something else: the session goes on" "$?" 0
is "a file of something else: stays as it is" "$(cat "$WORK/other")" precious
check "a file of something else: says why" grep -q 'is no recording' "$WORK/err"
check "a file of something else: stands in the report" grep -q 'nothing is recorded' "$WORK/json"

if ! command -v jq >/dev/null; then
	skip "live sessions" "jq is not here"
	finish
fi

# --- processes: all there are of Go's versions ---
findings() { jq -c '.findings[] | [.id, .detector, .severity, .goroutines, .objects, .location]' "$1"; }
report() { jq -S 'del(.self, .target.replay) | .findings |= map(del(.certainty, .not_sure_because, .first_ns, .summary))' "$1"; }
compare() # NAME: $WORK/live.json and what is replayed of $R
{
	mv "$LAST" "$LAST.away" 2>/dev/null # its program is not needed
	"$BINGO" --replay "$R" --json --export jsonl="$WORK/again.jsonl" >"$WORK/again.json" 2>"$WORK/err" ||
		not_ok "$1: replayed" "$WORK/err"
	mv "$LAST.away" "$LAST" 2>/dev/null
	findings "$WORK/live.json" >"$WORK/live.found"
	findings "$WORK/again.json" >"$WORK/again.found"
	[ ! -s "$WORK/live.found" ] || found=$((found + 1))
	same "$1: the same findings" "$WORK/again.found" "$WORK/live.found"
	report "$WORK/live.json" >"$WORK/live.said"
	report "$WORK/again.json" >"$WORK/again.said"
	same "$1: the same report" "$WORK/again.said" "$WORK/live.said"
	check "$1: the same events" cmp "$WORK/live.jsonl" "$WORK/again.jsonl"
}
attached() { "$BINGO" --once --json "$PID" >/dev/null 2>&1; }
start_quiet() # PROGRAM: one that does not say when it is ready
{
	"$1" >/dev/null 2>&1 &
	PID=$!
	own "$PID"
	wait_for 30 attached
}
go='' found=0
mkdir -p "$LIVE/faults"
faults="ab_ba channel_ring nil_send abandoned_receiver contended_lock waitgroup_never_done"
while read -r v g; do
	[ -n "$v" ] || continue
	go=$g version=$v
	# shellcheck disable=SC2086
	set -- $faults
	faults="${*:2} $1" # another one for each
	LAST=$(live_build "faults/$1" "$v" "$g" plain) || { not_ok "go$v $1 is built" "$WORK/build.log"; continue; }
	start_quiet "$LAST"
	"$BINGO" --duration 4 --json --record "$R" --export jsonl="$WORK/live.jsonl" "$PID" >"$WORK/live.json" 2>"$WORK/err" ||
		not_ok "go$v $1: watched" "$WORK/err"
	live_stop
	compare "go$v $1"
done <<LIST
$(live_go)
LIST
if [ -z "$go" ]; then
	skip "live sessions" "no Go toolchain is here (tests/toolchains.sh fetches them)"
	finish
fi

check "in some of them something is found ($found)" test "$found" -gt 0

# --- a command, from its start to its end ---
PROG=$(live_build load "$version" "$go" plain) || { not_ok "load is built" "$WORK/build.log"; finish; }
# what it prints comes in between
"$BINGO" --duration 2 --json --record "$R" --export jsonl="$WORK/live.jsonl" -- "$PROG" -parked 30 -churn 50 >"$WORK/said" 2>"$WORK/err"
is "a command: recorded" "$?" 0
"$BINGO" --replay "$R" --json --export jsonl="$WORK/again.jsonl" >"$WORK/again.json"
grep '^{' "$WORK/said" >"$WORK/live.json"
check "a command: the same events" cmp "$WORK/live.jsonl" "$WORK/again.jsonl"
is "a command: the same counts" "$(jq -c .counts "$WORK/again.json")" "$(jq -c .counts "$WORK/live.json")"

# --- the screen ---
live_start "$PROG" -parked 20 -churn 20 || { not_ok "a program starts" "$WORK/err"; finish; }
cat >"$WORK/keys" <<KEYS
wait-loaded
wait-passes 10
key m
wait-passes 5
save-screen $WORK/screen
KEYS
"$BINGO" --no-bpf --script "$WORK/keys" --size 120x40 --record "$R" "$PID" >"$WORK/said" 2>"$WORK/err" || not_ok "the screen's script runs" "$WORK/err"
check "the screen says that it is recorded" grep -q 'REC [0-9]' "$WORK/screen"
printf 'wait-loaded\nkey %s\nsave-screen %s/screen2\n' "'" "$WORK" >"$WORK/keys"
"$BINGO" --script "$WORK/keys" --size 120x40 --replay "$R" >"$WORK/said" 2>"$WORK/err" || not_ok "the replay's script runs" "$WORK/err"
check "the mark is in the replay" grep -q 'mark a' "$WORK/screen2"
check "the replay says what it is of" grep -q "in $(basename "$R")" "$WORK/screen2"

# Pane by pane what was on the screen when it was recorded, but for the two lines at the top, that of keys, and the
# place of the moment in the line of all the session, which goes on only where it is live. How long somebody waits a finding says
# of its last look, which live may be some passes old. The timeline's rows are drawn by events once the view
# stands still, so they are held against each other then.
plain() { sed '1,2d; $d; /^ *▲ *$/d; /^ *[0-9][0-9]* [A-Z][^ ]/d; s/waits [a-z ]*[0-9.]*s/waits/' "$1"; }
lanes() { sed -n '/^ *[0-9][0-9]* [A-Z][^ ]/p' "$1"; }
live_stop
LAST=$(live_build faults/ab_ba "$version" "$go" plain) || not_ok "ab_ba is built" "$WORK/build.log"
start_quiet "$LAST"
panes()
{
	echo wait-loaded
	echo "$2"
	for pane in "" "key 6" "key 5" "key 5 Down Enter" "key f" ":group creator" ":group flat" "key Enter" "key 2"; do
		[ -z "$pane" ] || echo "$pane"
		n=$((n + 1))
		echo "save-screen $1.$n"
	done
	echo "$3"
	echo "save-screen $1.lanes"
}
n=0
panes "$WORK/live" "wait-passes 30" "key Space" >"$WORK/keys"
"$BINGO" --no-bpf --script "$WORK/keys" --size 120x40 --record "$R" "$PID" >"$WORK/said" 2>"$WORK/err" || not_ok "panes: recorded" "$WORK/err"
n=0
panes "$WORK/replay" "" "" >"$WORK/keys"
"$BINGO" --script "$WORK/keys" --size 120x40 --replay "$R" >"$WORK/said" 2>"$WORK/err" || not_ok "panes: replayed" "$WORK/err"
for i in 1 2 3 4 5 6 7 8 9; do
	plain "$WORK/live.$i" >"$WORK/a"
	plain "$WORK/replay.$i" >"$WORK/b"
	same "pane $i: the replay shows what was shown" "$WORK/b" "$WORK/a"
done
lanes "$WORK/live.lanes" >"$WORK/a"
lanes "$WORK/replay.lanes" >"$WORK/b"
is "the timeline has rows" "$(wc -l <"$WORK/a")" 3
same "the timeline: the replay shows what was shown" "$WORK/b" "$WORK/a"

# --- sources and variables, which are gone when it is replayed ---
live_stop
mkdir "$WORK/src" && cp tests/targets/vars/*.go "$WORK/src"
(cd "$WORK/src" && GO111MODULE=off GOTOOLCHAIN=local CGO_ENABLED=0 "$go" build -o "$WORK/prog" .) >"$WORK/build.log" 2>&1
live_start "$WORK/prog" || not_ok "a program with sources starts" "$WORK/err"
g=$("$BINGO" --once --json "$PID" 2>/dev/null |
	jq '.goroutines[] | select(any(.stack[]; .function == "main.args")) | .g')
keys() # SCREEN: the variables, one of them open, then the source
{
	cat <<KEYS
wait-loaded
:goroutine $g
:pane variables
key )
save-screen $1.first
key Down
key Down
key Down
key Right
save-screen $1
:pane source
save-screen $1.source
KEYS
}
keys "$WORK/live" >"$WORK/keys"
"$BINGO" --no-bpf --script "$WORK/keys" --size 120x40 --record "$R" --record-source "$PID" >"$WORK/said" 2>"$WORK/err" || not_ok "sources: recorded" "$WORK/err"
live_stop
rm -r "$WORK/src" "$WORK/prog"
keys "$WORK/replay" >"$WORK/keys"
"$BINGO" --script "$WORK/keys" --size 120x40 --replay "$R" >"$WORK/said" 2>"$WORK/err" || not_ok "sources: replayed" "$WORK/err"
source_of() { sed -n '3,25s/.*│\(.*\)/\1/p' "$1"; }
source_of "$WORK/live.source" >"$WORK/a"
source_of "$WORK/replay.source" >"$WORK/b"
check "sources: some are shown" grep -q 'func ' "$WORK/a"
same "sources: the replay shows them" "$WORK/b" "$WORK/a"
for want in 'a int 1' 'b string "two"' '▾ d main.point {X: 4, Y: 5}' 'X int 4' 'as it was looked at'; do
	check "variables: the replay shows $want" grep -qF "$want" "$WORK/replay"
done
"$BINGO" --replay "$R" --record "$WORK/without.bingo" --json >"$WORK/json"
keys "$WORK/without" >"$WORK/keys"
"$BINGO" --script "$WORK/keys" --size 120x40 --replay "$WORK/without.bingo" >"$WORK/said" 2>"$WORK/err"
check "sources: not recorded where nobody asks for it" grep -q 'is not on' "$WORK/without.source"
live_start "$PROG" -parked 20 -churn 20 || { not_ok "a program starts" "$WORK/err"; finish; }

# --- killed ---
# The last moment that a recording has, by the wall clock; 0: none.
last_wall() { "$BINGO" --replay "$1" --export jsonl 2>"$WORK/err" | sed -n 's/.*"type":"sync","value":\([0-9]*\).*/\1/p' | tail -n 1; }
has_some() { [ "$(stat -c %s "$R" 2>/dev/null || echo 0)" -gt 3000 ]; }
times=${BINGO_TIMES:-8} bad=0 late=0
for i in $(seq "$times"); do
	rm -f "$R"
	"$BINGO" --duration 600 --json --record "$R" "$PID" >/dev/null 2>&1 &
	b=$!
	own $b
	wait_for 30 has_some
	sleep "$((RANDOM % 2)).$(printf %03d $((RANDOM % 1000)))"
	now=$(date +%s%N)
	kill -9 $b
	wait $b 2>/dev/null
	wall=$(last_wall "$R")
	[ "${wall:-0}" -gt 0 ] || { bad=$((bad + 1)); cp "$R" "$BUILD/record-bad-$i.bingo"; }
	lost=$(((now - ${wall:-0}) / 1000000))
	[ "$lost" -le "$late" ] || late=$lost
done
is "killed $times times: every recording opens" "$bad" 0
# on a machine that has no time for us the last frame may be older than it should be
echo "# at most $late ms were lost"
check "killed: a second at most is lost, or what a busy machine makes of it" test "$late" -lt 5000
"$BINGO" --replay "$R" --json >"$WORK/json"
check "killed: the report says that its end is missing" grep -q 'was not finished' "$WORK/json"
size=$(stat -c %s "$R")
head -c $((size - 100)) "$R" >"$WORK/cut.bingo"
"$BINGO" --replay "$WORK/cut.bingo" --json >"$WORK/json"
check "cut: opens, and says so" grep -q 'its last frame is cut short' "$WORK/json"

# --- no room, no file ---
goes_on() # NAME WORD
{
	is "$1: the session goes on" "$rc" 0
	check "$1: says why" grep -q "the recording .* ended: $2" "$WORK/err"
	check "$1: stands in the report" grep -q "the recording ended: $2" "$WORK/json"
}
rm -f "$R"
# the report goes through pipes, which have no bound
{
	(ulimit -f 6 && exec "$BINGO" --duration 4 --json --record "$R" "$PID") 2>&3 | cat >"$WORK/json"
	echo "${PIPESTATUS[0]}" >"$WORK/rc"
} 3>&1 | cat >"$WORK/err"
rc=$(cat "$WORK/rc")
goes_on "no room" 'File too large'
"$BINGO" --replay "$R" --json >"$WORK/json" 2>"$WORK/err"
is "no room: what there was room for opens" "$?" 0
if mkdir "$WORK/small" && mount -t tmpfs -o size=64k tmpfs "$WORK/small" 2>/dev/null; then
	"$BINGO" --duration 4 --json --record "$WORK/small/a.bingo" "$PID" >"$WORK/json" 2>"$WORK/err"
	rc=$?
	# it may be quiet enough to fit
	[ "$(stat -c %s "$WORK/small/a.bingo")" -lt 40000 ] || goes_on "a full disk" 'No space left'
	"$BINGO" --replay "$WORK/small/a.bingo" --json >/dev/null 2>"$WORK/err"
	is "a full disk: what there was room for opens" "$?" 0
	umount "$WORK/small"
else
	skip "a full disk" "no tmpfs can be mounted here"
fi
rm -f "$R"
"$BINGO" --duration 5 --json --record "$R" "$PID" >"$WORK/json" 2>"$WORK/err" &
b=$!
own $b
wait_for 30 has_some
rm -f "$R"
wait $b
rc=$?
goes_on "the file is removed" 'the file was removed'
"$BINGO" --duration 1 --json --record "$WORK/none/a.bingo" "$PID" >"$WORK/json" 2>"$WORK/err"
is "no folder: the session goes on" "$?" 0
check "no folder: says why" grep -q 'nothing is recorded: .*No such file' "$WORK/err"
"$BINGO" --duration 1 --json --record /dev/full "$PID" >"$WORK/json" 2>"$WORK/err"
is "a device: the session goes on" "$?" 0
check "a device: says why" grep -q 'this is none' "$WORK/err"
live_stop

# --- bounded ---
live_start "$PROG" -parked 200 -churn 2000 || { not_ok "a program starts" "$WORK/err"; finish; }
"$BINGO" --duration 8 --json --record "$R" --record-limit 256K "$PID" >"$WORK/live.json" 2>"$WORK/err"
is "bounded: recorded" "$?" 0
size=$(stat -c %s "$R")
check "bounded: the file is no larger ($size)" test "$size" -le $((256 << 10))
"$BINGO" --replay "$R" --json >"$WORK/again.json" 2>"$WORK/err"
is "bounded: opens" "$?" 0
is "bounded: the newest is there" "$(jq -c .counts.total "$WORK/again.json")" "$(jq -c .counts.total "$WORK/live.json")"
live_stop

# --- kept only around what was asked for ---
live_start "$PROG" -parked 20 -grow 40 || { not_ok "a program starts" "$WORK/err"; finish; }
rm -f "$R"
"$BINGO" --duration 2 --json --record "$R" --record-on 'goroutines>100000|nil-channel' "$PID" >"$WORK/live.json" 2>"$WORK/err"
is "never so: the session is as ever" "$?" 0
check "never so: there is no file" test ! -e "$R"
n=$("$BINGO" --once --json "$PID" 2>/dev/null | jq .counts.total)
"$BINGO" --duration 6 --json --record "$R" --record-on "deadlock|goroutines>$((n + 120))" "$PID" >"$WORK/live.json" 2>"$WORK/err"
"$BINGO" --replay "$R" --json --export jsonl="$WORK/again.jsonl" >"$WORK/again.json" 2>"$WORK/err"
is "so: there is a recording" "$?" 0
is "so: it goes to the end" "$(jq -c .counts.total "$WORK/again.json")" "$(jq -c .counts.total "$WORK/live.json")"
first=$(sed -n 's/.*"ts_ns":\([0-9]*\),.*"type":"status".*/\1/p' "$WORK/again.jsonl" | head -n 1)
check "so: what came before is there" test "${first:-9999999999}" -lt 1000000000
live_stop
finish
