#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 600
# Exports as tools read them that are not ours: each tool accepts the file, and finds the same time,
# the same goroutines, the same findings in it as our own reports and folded lines have.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
BUILD=${BUILD:-build}
bingo=$BUILD/bingo-top
demo=tests/data/demo.trace
schema=tests/data/schema
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

have() { command -v "$1" >/dev/null 2>&1; }
export_to() { # FILE FORMAT ARGUMENT...
	to=$1
	format=$2
	shift 2
	"$bingo" "$@" --export "$format=$to" >"$tmp/out" 2>"$tmp/err" </dev/null
}
sum() { awk '{ s += $NF } END { printf "%d\n", s }' "$1"; }
lines() { awk 'END { print NR }' "$1"; }
# near NAME GOT WANTED LINES: each line of folded output is rounded to a microsecond; in microseconds
near() { is "$1" "$(awk -v a="$2" -v b="$3" -v n="$4" 'BEGIN { d = a - b; print (d < 0 ? -d : d) <= n / 2 + 1 ? "near" : a " for " b }')" near; }
# Microseconds by the first word of a line of time off CPU.
by_reason() { awk '{ sub(/\].*/, "", $1); split($1, w, "["); us[w[2]] += $NF } END { for (k in us) print k, us[k] }' "$1" | sort; }

# --- the command line ---

code() { # NAME WANTED ARGUMENT...
	name=$1
	want=$2
	shift 2
	"$bingo" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	is "$name" "$?/$(grep -c '^bingo-top: .' "$tmp/err")/$(grep -c . "$tmp/err")" "$want/1/1"
}
code "no such format" 2 --replay "$demo" --export nothing
code "a format without a file" 2 --replay "$demo" --export svg=
code "two exports to standard output" 2 --replay "$demo" --export svg --export folded
code "two exports to one file" 2 --replay "$demo" --export "svg=$tmp/a" --export "folded=$tmp/a"
code "a span of what has none" 2 --replay "$demo" --export sarif --from 1s
code "a span of no export" 2 --replay "$demo" --from 1s
code "a time that is none" 2 --replay "$demo" --export folded --from yesterday
code "a span that ends before it begins" 2 --replay "$demo" --export folded --from 2s --to 1s
code "a span after the end" 2 --replay "$demo" --export folded --from 2h
code "a file that cannot be written" 2 --replay "$demo" --export "svg=$tmp/no/such"
if [ -e /dev/full ]; then
	for f in $("$bingo" --help | sed -n '/^Formats/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
		code "$f: a full disk" 2 --replay "$demo" --export "$f=/dev/full"
	done
fi
"$bingo" --replay "$demo" --export "folded=$tmp/a" --export "json=$tmp/b" --export text >"$tmp/c"
is "several at once" "$?/$(test -s "$tmp/a" && head -c 10 "$tmp/b")/$(head -c 9 "$tmp/c")" '0/{"schema":/bingo-top'
export_to "$tmp/all" folded-off --replay "$demo"
export_to "$tmp/one" folded-off --replay "$demo" --to 50%
export_to "$tmp/two" folded-off --replay "$demo" --from 50%
cat "$tmp/one" "$tmp/two" >"$tmp/both"
near "two halves are the whole" "$(sum "$tmp/both")" "$(sum "$tmp/all")" "$(($(lines "$tmp/both") + $(lines "$tmp/all")))"
export_to "$tmp/two" jsonl --replay "$demo" --from -1s
is "a time from the end on" "$(sed -n '1s/.*"ts_ns":\([0-9]*\).*/\1/p' "$tmp/two" | awk -v end="$("$bingo" --replay "$demo" --json | sed 's/.*"time_ns":\([0-9]*\).*/\1/')" '{ d = end - $1; print (d <= 1e9 && d > 9e8) ? "yes" : d }')" yes

# --- profiles ---

cat >"$tmp/profile.awk" <<'AWK'
# The decoded text of a profile: NAME REASON NUMBER for each sample type and reason.
/^string_table:/ { s = $0; sub(/^string_table: "/, "", s); sub(/"$/, "", s); text[n_text++] = s }
/^sample_type \{/ { in_type = 1 }
in_type && /^  type:/ { type[n_type++] = $2; in_type = 0 }
/^sample \{/ { n++; n_value = 0; n_loc[n] = 0 }
/^  location_id:/ { n_loc[n]++; if (!($2 in seen)) seen[$2] = 1 }
/^  value:/ { value[n, n_value++] = $2 }
/^    key:/ { key = $2 }
/^    str:/ { label[n, key] = $2 }
/^location \{/ { in_loc = 1 }
in_loc && /^  id:/ { known[$2] = 1; in_loc = 0 }
END {
	for (i = 0; i < n_text; i++) if (text[i] == "reason") reason = i
	for (i = 1; i <= n; i++) {
		if (!n_loc[i]) bad = "a sample without a place"
		why = ((i, reason) in label) ? text[label[i, reason]] : "none"
		for (k = 0; k < n_type; k++) total[text[type[k]] " " why] += value[i, k]
	}
	for (id in seen) if (!(id in known)) bad = "a place that is nowhere"
	if (text[0] != "") bad = "the first string is not empty"
	if (bad != "") print bad
	for (t in total) if (total[t]) printf "%s %d\n", t, total[t]
}
AWK
protoc=$(for p in protoc protoc-c; do have $p && echo $p && break; done)
pprof_by() { awk -v t="$1" -v u="$2" '$1 == t { printf "%s %d\n", $2, $3 / u }' "$tmp/profile"; }

check_pprof() # TRACE NAME [SPAN...]
{
	replay=$1
	name=$2
	shift 2
	export_to "$tmp/pb.gz" pprof --replay "$replay" "$@"
	is "$name: pprof" "$?/$(gzip -t "$tmp/pb.gz" 2>&1)" 0/
	gzip -dc "$tmp/pb.gz" >"$tmp/pb"
	if [ -z "$protoc" ]; then
		skip "$name: pprof, decoded" "protoc is not here"
		return
	fi
	$protoc -I"$schema" --decode=Profile "$schema/profile.proto" <"$tmp/pb" >"$tmp/pb.txt" 2>"$tmp/err"
	is "$name: pprof is of the published form" "$?/$(grep -cE '^ *[0-9]+[:{ ]' "$tmp/pb.txt")" 0/0
	awk -f "$tmp/profile.awk" "$tmp/pb.txt" | sort >"$tmp/profile"
	is "$name: pprof hangs together" "$(grep -v '^[a-z_]* [a-z-]* [0-9]*$' "$tmp/profile")" ""
	while read -r why us; do
		near "$name: pprof, $why" "$(pprof_by off_cpu 1000 | sed -n "s/^$why //p")" "$us" "$(grep -c "^\[$why\]" "$tmp/off")"
	done <"$tmp/reasons"
	pprof_by cpu 1000 >"$tmp/cpu"
	near "$name: pprof, on CPU" "$(sum "$tmp/cpu")" "$(sum "$tmp/on")" "$(lines "$tmp/on")"
	pprof_by delay 1000 >"$tmp/delay"
	grep -E '^\[(mutex|rwmutex-read|rwmutex-write)\]' "$tmp/off" >"$tmp/locks"
	near "$name: pprof, contention" "$(sum "$tmp/delay")" "$(sum "$tmp/locks")" "$(lines "$tmp/locks")"
	pprof_by goroutines 1 >"$tmp/gs"
	[ $# = 0 ] || return
	is "$name: pprof, goroutines" "$(sum "$tmp/gs")" "$("$bingo" --replay "$replay" --json | sed 's/.*"counts":{"total":\([0-9]*\).*/\1/')"
}

cat >"$tmp/perfetto.awk" <<'AWK'
# The decoded text of a timeline: "state NAME NS", "proc NS", flows, and what is wrong.
/^packet \{/ { ts = type = track = name = ""; flow = flow_end = 0; room = "" }
/^  timestamp:/ { ts = $2 }
/^  [a-z_]+ \{/ { room = $1 }
room == "track_descriptor" && /^    uuid:/ { uuid = $2; known[uuid] = 1 }
room == "track_descriptor" && /^    parent_uuid:/ { parent[uuid] = $2 }
room == "track_descriptor" && /^    name:/ { sub(/^    name: /, ""); track_name[uuid] = $0 }
room == "track_event" && /^    type:/ { type = $2 }
room == "track_event" && /^    track_uuid:/ { track = $2 }
room == "track_event" && /^    name_iid:/ { name = $2 }
room == "track_event" && /^    flow_ids:/ { flow = $2 }
room == "track_event" && /^    terminating_flow_ids:/ { flow_end = $2 }
room == "interned_data" && /^    [a-z_]+ \{/ { kind = $1 }
room == "interned_data" && kind == "event_names" && /^      iid:/ { iid = $2 }
room == "interned_data" && kind == "event_names" && /^      name:/ { gsub(/"/, "", $2); names[iid] = $2 }
/^}/ && type != "" {
	if (!(track in known)) bad = "an event of a track that is not there"
	if (type == "TYPE_SLICE_BEGIN") { d = depth[track]++; at[track, d] = ts; what[track, d] = name }
	if (type == "TYPE_SLICE_END") {
		if (!depth[track]) bad = "an end without a begin"
		d = --depth[track]
		ns = ts - at[track, d]
		if (ns < 0) bad = "a slice that ends before it begins"
		if (track_name[parent[track]] == "\"Goroutines\"") { total[what[track, d]] += ns; if (d) bad = "two states at once" }
		if (track_name[parent[track]] == "\"Processors\"") { proc += ns; if (d) bad = "two goroutines on one processor" }
	}
	if (flow) from[flow] = ts
	if (flow_end) { if (!(flow_end in from) || from[flow_end] > ts) bad = "a flow from nowhere"; flows++ }
	if (flow) starts++
}
END {
	for (t in depth) if (depth[t]) bad = "a slice without an end"
	if (bad != "") print "bad", bad
	for (i in total) printf "state %s %d\n", names[i], total[i]
	printf "proc %d\nflows %d %d\n", proc, starts, flows
}
AWK

check_perfetto() # TRACE NAME [SPAN...]
{
	replay=$1
	name=$2
	shift 2
	export_to "$tmp/pf" perfetto --replay "$replay" "$@"
	is "$name: perfetto" "$?" 0
	if [ -z "$protoc" ]; then
		skip "$name: perfetto, decoded" "protoc is not here"
		return
	fi
	$protoc -I"$schema" --decode=Trace "$schema/perfetto.proto" <"$tmp/pf" >"$tmp/pf.txt" 2>"$tmp/err"
	is "$name: perfetto is of the published form" "$?/$(grep -cE '^ *[0-9]+[:{ ]' "$tmp/pf.txt")" 0/0
	awk -f "$tmp/perfetto.awk" "$tmp/pf.txt" >"$tmp/timeline"
	is "$name: perfetto hangs together" "$(grep '^bad' "$tmp/timeline")" ""
	while read -r why us; do
		near "$name: perfetto, $why" "$(awk -v w="$why" '$1 == "state" && $2 == w { printf "%d\n", $3 / 1000 }' "$tmp/timeline")" "$us" "$(grep -c "^\[$why\]" "$tmp/off")"
	done <"$tmp/reasons"
	is "$name: perfetto, every flow arrives" "$(awk '$1 == "flows" { print $2 == $3 }' "$tmp/timeline")" 1
	is "$name: perfetto, no more time on processors than in the running state" \
		"$(awk '$2 == "running" { r = $3 } $1 == "proc" { print $2 <= r }' "$tmp/timeline")" 1
}

check_scope() # TRACE NAME
{
	export_to "$tmp/scope" speedscope --replay "$1"
	is "$2: speedscope" "$?" 0
	if ! have jq; then
		skip "$2: speedscope, read" "jq is not here"
		return
	fi
	near "$2: speedscope, off CPU" "$(jq '.profiles[1].weights | add // 0 | . / 1000 | floor' "$tmp/scope")" "$(sum "$tmp/off")" "$(lines "$tmp/off")"
	near "$2: speedscope, on CPU" "$(jq '.profiles[0].weights | add // 0 | . / 1000 | floor' "$tmp/scope")" "$(sum "$tmp/on")" "$(lines "$tmp/on")"
	is "$2: speedscope, as its schema has it" "$(jq -c '[."$schema", (.profiles | map(.type, .unit, (.samples | length) == (.weights | length), .endValue == (.weights | add // 0))), ([.profiles[].samples[][]] | max // 0) < ([(.shared.frames | length), 1] | max), (.shared.frames | all(.name | type == "string"))]' "$tmp/scope")" \
		'["https://www.speedscope.app/file-format-schema.json",["sampled","nanoseconds",true,true,"sampled","nanoseconds",true,true],true,true]'
}

check_svg() # TRACE NAME
{
	export_to "$tmp/svg" svg --replay "$1"
	is "$2: svg" "$?" 0
	export_to "$tmp/svg-off" svg-off --replay "$1"
	is "$2: svg-off" "$?" 0
	if ! have xmllint; then
		skip "$2: svg, read" "xmllint is not here"
		return
	fi
	check "$2: svg is XML" xmllint --noout --nonet "$tmp/svg" "$tmp/svg-off"
	near "$2: svg-off, all of it" "$(xmllint --xpath 'string(//*[@class="n"][1]/@data-w)' "$tmp/svg-off" | awk '{ printf "%d\n", $1 / 1000 }')" "$(sum "$tmp/off")" "$(lines "$tmp/off")"
	is "$2: svg, nothing from elsewhere" "$(grep -cE '(href|src|@import|url\() *= *"?http' "$tmp/svg")" 0
	# calls are drawn within their callers, and take no more than those have
	xmllint --xpath '//*[@class="n"]/@*[name()="data-p" or name()="data-x" or name()="data-w"]' "$tmp/svg-off" 2>"$tmp/err" | tr -d '"' | tr ' ' '\n' | sed -n 's/^data-[pxw]=//p' |
		awk '{ v[n++] = $1 } END { for (i = 3; i + 2 < n; i += 3) { p = 3 * v[i]; if (v[i + 1] < v[p + 1] || v[i + 1] + v[i + 2] > v[p + 1] + v[p + 2]) bad++ } print bad + 0 }' >"$tmp/bad"
	is "$2: svg, calls lie within their callers" "$(cat "$tmp/bad")" 0
}

for trace in "$demo" tests/data/traces/go1.19-locks.trace tests/data/traces/go1.21-net.trace tests/data/traces/go1.25-net.trace tests/data/traces/go1.27-cpu.trace tests/data/synth/odd-strings.trace; do
	name=$(basename "$trace" .trace)
	if [ ! -e "$trace" ]; then
		not_ok "$name is there"
		continue
	fi
	export_to "$tmp/on" folded --replay "$trace"
	export_to "$tmp/off" folded-off --replay "$trace"
	by_reason "$tmp/off" >"$tmp/reasons"
	check_pprof "$trace" "$name"
	check_perfetto "$trace" "$name"
	check_scope "$trace" "$name"
	check_svg "$trace" "$name"
done

# What is counted is what the events say.
for trace in "$demo" tests/data/traces/go1.19-locks.trace; do
	name=$(basename "$trace" .trace)
	export_to "$tmp/jsonl" jsonl --replay "$trace"
	export_to "$tmp/pb.gz" pprof --replay "$trace"
	export_to "$tmp/pf" perfetto --system --replay "$trace"
	if [ -z "$protoc" ]; then
		skip "$name: counts" "protoc is not here"
		continue
	fi
	gzip -dc "$tmp/pb.gz" | $protoc -I"$schema" --decode=Profile "$schema/profile.proto" >"$tmp/pb.txt" 2>"$tmp/err"
	awk -f "$tmp/profile.awk" "$tmp/pb.txt" >"$tmp/profile"
	pprof_by contentions 1 >"$tmp/counts"
	is "$name: contentions are waits for locks" "$(sum "$tmp/counts")" "$(grep -cE '"type":"block".*"reason":"(mutex|rwmutex-[a-z]*)"' "$tmp/jsonl")"
	$protoc -I"$schema" --decode=Trace "$schema/perfetto.proto" <"$tmp/pf" >"$tmp/pf.txt" 2>"$tmp/err"
	is "$name: a flow for each that was woken or made by another" "$(awk -f "$tmp/perfetto.awk" "$tmp/pf.txt" | sed -n 's/^flows \([0-9]*\) .*/\1/p')" \
		"$(grep -cE '"type":"(create|unblock)".*"by":[1-9]' "$tmp/jsonl")"
done

for span in "--from 1s --to 2s" "--from -500ms" "--to 10%"; do
	# shellcheck disable=SC2086
	export_to "$tmp/on" folded --replay "$demo" $span
	# shellcheck disable=SC2086
	export_to "$tmp/off" folded-off --replay "$demo" $span
	by_reason "$tmp/off" >"$tmp/reasons"
	# shellcheck disable=SC2086
	check_pprof "$demo" "$span" $span
	# shellcheck disable=SC2086
	check_perfetto "$demo" "$span" $span
done

# Go's own tool, one that is compiled already where there is one.
pprof=$(tests/toolchains.sh --list | while read -r _ go; do ls "${go%/bin/go}"/pkg/tool/*/pprof 2>/dev/null; done | tail -n 1)
if [ -n "$pprof" ]; then
	export_to "$tmp/pb.gz" pprof --replay "$demo"
	PPROF_TMPDIR=$tmp "$pprof" -raw "$tmp/pb.gz" >"$tmp/raw" 2>"$tmp/err"
	is "go tool pprof reads it" "$?" 0
	is "go tool pprof: the sample types" "$(sed -n '/^Samples:/{n;p;}' "$tmp/raw" | tr -d '[]' | sed 's/ $//')" \
		"goroutines/count cpu/nanosecondsdflt off_cpu/nanoseconds contentions/count delay/nanoseconds"
	export_to "$tmp/on" folded --replay "$demo"
	is "go tool pprof: time on CPU" "$(awk '/^Samples:/ { on = 1 } /^Locations/ { on = 0 } on && /^ *[0-9]+ +[0-9]+ .*:/ { s += $2 } END { printf "%d\n", s / 1000 }' "$tmp/raw")" "$(sum "$tmp/on")"
	is "go tool pprof: the busiest" "$(PPROF_TMPDIR=$tmp "$pprof" -top -nodecount=1 "$tmp/pb.gz" 2>"$tmp/err" | tail -n 1 | sed 's/.* //')" 'main.(*Prices).compute'
	is "go tool pprof: by reason" "$(PPROF_TMPDIR=$tmp "$pprof" -tagfocus=reason=chan-send -sample_index=goroutines -top -nodecount=1 "$tmp/pb.gz" 2>"$tmp/err" | tail -n 1 | awk '{ print $1 }')" \
		"$("$bingo" --replay "$demo" --json --filter chan-send | grep -o '"reason":"chan-send"' | grep -c .)"
else
	skip "go tool pprof" "no Go toolchain with a pprof is here"
fi

# --- the flame graph in a browser ---

browser=$(for b in chromium chromium-browser google-chrome; do have $b && echo $b && break; done)
dom() { # ADDRESS: the document once its script has run
	HOME=$tmp timeout 150 "$browser" --headless --no-sandbox --disable-gpu --no-first-run --disable-dev-shm-usage \
		--user-data-dir="$tmp/browser" --window-size=1200,800 --dump-dom "file://$1" 2>"$tmp/err"
}
if [ -z "$browser" ]; then
	skip "the flame graph in a browser" "no Chromium is here"
elif ! dom "$tmp/none.html" >/dev/null; then
	skip "the flame graph in a browser" "Chromium does not run here"
else
	export_to "$tmp/flame.svg" svg --replay "$demo"
	export_to "$tmp/on" folded --replay "$demo"
	want=$(awk '{ all += $NF } /compute/ { s += $NF } END { printf "found: %.2f%%", 100 * s / all }' "$tmp/on")
	dom "$tmp/flame.svg#find=compute" >"$tmp/dom"
	is "svg: a search sums up what it meets" "$(grep -o 'found: [0-9.]*%' "$tmp/dom")" "$want"
	is "svg: and marks it" "$(grep -c 'class="n met".*<title>main.(\*Prices).compute' "$tmp/dom")" "$(grep -c '<title>main.(\*Prices).compute' "$tmp/flame.svg")"
	# a click on a call, by a script of ours at the file's end
	nth=$(grep 'class="n"' "$tmp/flame.svg" | awk '/<title>main.price / { print NR - 1; exit }')
	sed "s#</svg>#<script>document.querySelectorAll('.n')[$nth].dispatchEvent(new MouseEvent('click', {bubbles: true}))</script></svg>#" "$tmp/flame.svg" >"$tmp/click.svg"
	dom "$tmp/click.svg" >"$tmp/dom"
	is "svg: a click makes a call as wide as the whole" "$(grep '<title>main.price ' "$tmp/dom" | grep -c ' x="0%" width="100%"')" 1
	is "svg: what is not below it is not shown" "$(grep '<title>main.client ' "$tmp/dom" | grep -c 'display: *none')" 1
	is "svg: who calls it is dimmed" "$(grep '<title>runtime.goexit ' "$tmp/dom" | grep -c 'class="n up"')" 1
fi

# --- verdicts ---

sub="--substitute-path /src/shop=tests/targets/demo"
# shellcheck disable=SC2086
verdict() { export_to "$1" "$2" --replay "$demo" $sub; }
"$bingo" --replay "$demo" --json >"$tmp/json"
verdict "$tmp/sarif" sarif
is "sarif" "$?" 0
if have jq; then
	is "sarif: the findings of the report" "$(jq -c '[.runs[0].results[] | [.ruleId, .partialFingerprints."bingoTop/v1", .properties.goroutines]]' "$tmp/sarif")" \
		"$(jq -c '[.findings[] | [.detector, .id, .goroutines]]' "$tmp/json")"
	is "sarif: levels" "$(jq -c '[.runs[0].results[].level]' "$tmp/sarif")" '["warning","note"]'
	is "sarif: places in the repository" "$(jq -r '.runs[0].results[].locations[0].physicalLocation | .artifactLocation.uri + ":" + (.region.startLine | tostring)' "$tmp/sarif" | tr '\n' ' ')" \
		"tests/targets/demo/main.go:169 tests/targets/demo/main.go:156 "
	is "sarif: what the standard asks for" "$(jq -c '[.version, (.runs | length), (.runs[0].tool.driver | .name, (.rules | length > 5)), (.runs[0].tool.driver.rules as $rules | .runs[0].results | all(.message.text != "" and $rules[.ruleIndex].id == .ruleId and (.stacks | all(.frames | length > 0))))]' "$tmp/sarif")" \
		'["2.1.0",1,"bingo-top",true,true]'
else
	skip "sarif, read" "jq is not here"
fi
verdict "$tmp/junit" junit
is "junit" "$?" 0
if have xmllint; then
	x() { xmllint --nonet --xpath "string($1)" "$tmp/junit" 2>&1; }
	is "junit: counts" "$(x //testsuite/@tests)/$(x 'count(//testcase)')/$(x //testsuite/@failures)/$(x 'count(//failure)')" 7/7/1/1
	is "junit: the failure" "$(x '//failure/../@classname') $(x '//failure/../@file'):$(x '//failure/../@line')" "bingo-top.deadlock tests/targets/demo/main.go:169"
else
	skip "junit, read" "xmllint is not here"
fi
verdict "$tmp/github" github
is "github: a line for each" "$?/$(grep -c . "$tmp/github")/$(sed -n 's/^\(::[a-z]* file=[^:]*::\).*/\1/p' "$tmp/github" | tr '\n' ' ')" \
	"0/2/::warning file=tests/targets/demo/main.go,line=169,title=deadlock (recheck):: ::notice file=tests/targets/demo/main.go,line=156,title=leak (recheck):: "

# A baseline: what is in it is known, what is not still counts.
rc() { "$bingo" --replay "$demo" "$@" >"$tmp/out" 2>"$tmp/err"; echo $?; }
verdict "$tmp/base" baseline
is "without a baseline" "$(rc --fail-on info)" 1
is "all is known" "$(rc --fail-on info --baseline "$tmp/base")" 0
is "all is known: the report says so" "$(sed -n 's/^findings  //p' "$tmp/out")/$(grep -c '^known: ' "$tmp/out")" "error 0  warning 0  info 0  known 2/2"
grep -v ' leak ' "$tmp/base" >"$tmp/less"
printf '\n# gone\nfedcba9876543210 race info main.gone\n' >>"$tmp/less"
is "one is new" "$(rc --fail-on info --baseline "$tmp/less")" 1
is "one is new: the report says what is gone" "$(sed -n 's/^findings  //p' "$tmp/out")/$(sed -n 's/^known, and not there now: //p' "$tmp/out")" \
	"error 0  warning 0  info 1  known 1/fedcba9876543210 race info main.gone"
is "one is new, and not grave" "$(rc --fail-on warning --baseline "$tmp/less")" 0
export_to "$tmp/github" github --replay "$demo" --baseline "$tmp/less"
is "annotations are of new ones alone" "$(grep -c . "$tmp/github")/$(grep -c leak "$tmp/github")" 1/1
export_to "$tmp/again" baseline --replay "$demo" --baseline "$tmp/less" $sub
same "a baseline made with one is the one of now" "$(sort "$tmp/again" >"$tmp/a"; echo "$tmp/a")" "$(sort "$tmp/base" >"$tmp/b"; echo "$tmp/b")"
if have jq; then
	export_to "$tmp/sarif" sarif --replay "$demo" --baseline "$tmp/less"
	is "sarif: new and known" "$(jq -c '[.runs[0].results[] | [.ruleId, .baselineState, (.suppressions | length)]]' "$tmp/sarif")" '[["leak","new",0],["deadlock","unchanged",1]]'
	"$bingo" --replay "$demo" --json --baseline "$tmp/less" >"$tmp/json"
	is "JSON: known" "$(jq -c '[.findings[] | [.detector, .known]]' "$tmp/json")" '[["leak",null],["deadlock",true]]'
fi
if have xmllint; then
	export_to "$tmp/junit" junit --replay "$demo" --baseline "$tmp/less" --fail-on info
	is "junit: new and known" "$(x //testsuite/@failures)/$(x //testsuite/@skipped)/$(x '//skipped/../@classname')" 1/1/bingo-top.deadlock
fi
code "a baseline that is not there" 5 --replay "$demo" --baseline "$tmp/none"
code "a baseline that is none" 5 --replay "$demo" --baseline README.md
printf '# bingo-top baseline 1\n12 leak\n' >"$tmp/wrong"
code "a baseline with a wrong line" 5 --replay "$demo" --baseline "$tmp/wrong"
is "a baseline with a wrong line: says which" "$(grep -c 'line 2' "$tmp/err")" 1
code "a folder for a baseline" 5 --replay "$demo" --baseline "$tmp"
finish
