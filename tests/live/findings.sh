#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 1500
# The corpus: programs with one planted fault each, and healthy ones that look alike. Each fault is
# named on the right goroutines, object and line within seconds; nothing is said of the healthy ones;
# nothing that is called proven is refuted. Go 1.19, 1.24 and 1.27, plain and stripped.
#   tests/live/findings.sh [-v VERSION]... [CASE]...
# The table of results is printed, and kept in $BUILD/live/findings.txt.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
. tests/live/corpus.sh
AT_ONCE=${AT_ONCE:-16}

corpus_args "$@"
versions=${versions:-1.19 1.24 1.27}

# The ones that keep a processor busy come last, by themselves.
list_jobs()
{
	for tag in $tags; do
		list_cases | sed "s,^,$tag ,"
	done | awk '{ busy = $2 ~ /busy_loop|racy|computes|raw_syscall|quota/; print busy, $0 }' | sort -s -k1,1n | cut -d' ' -f2-
}

run_jobs()
{
	while read -r tag d; do
		echo "$BINGO" "$LIVE/corpus-$tag" "$d" "$tag" "$WORK"
	done | xargs -r -P "$1" -n 5 sh tests/live/findings_case
}

command -v jq >/dev/null || { skip "findings" "jq is not here"; finish; }
live_go >"$WORK/go"
corpus_source
tags=
for v in $versions; do
	go=$(awk -v v="$v" '$1 == v { print $2; exit }' "$WORK/go")
	[ -n "$go" ] || { skip "Go $v" "its toolchain is not here (tests/toolchains.sh fetches it)"; continue; }
	for kind in plain stripped; do
		if corpus_build "$v" "$go" $kind; then tags="$tags $v-$kind"
		else not_ok "Go $v $kind builds" "$WORK/build.log"; fi
	done
done

list_jobs >"$WORK/jobs"
{
	grep -v -E 'busy_loop|racy|computes|raw_syscall|quota' "$WORK/jobs" | run_jobs "$AT_ONCE"
	grep -E 'busy_loop|racy|computes|raw_syscall|quota' "$WORK/jobs" | run_jobs 2
} >"$WORK/results"

# Sixteen at once are in each other's way: what one missed it is asked again when it has the machine to
# itself. What it called proven and was refuted stays.
grep -E '^[^ ]+ [^ ]+ (missed|false) ' "$WORK/results" >"$WORK/again"
sed 's/^/# asked again: /' "$WORK/again"
while read -r name tag _; do
	d=$(ls -d tests/targets/*/"$name")
	grep -v "^$name $tag " "$WORK/results" >"$WORK/others"
	echo "$tag $d" | run_jobs 1 | cat "$WORK/others" - >"$WORK/results"
done <"$WORK/again"

# The table: a line for each case, a column for each program.
table()
{
	awk -v tags="$tags" '
	{ cell[$1, $2] = $3 == "found" ? $4 "s " $5 : $3; seen[$1]; if ($3 != "found" && $3 != "quiet") why[$1] = $0 }
	END {
		n = split(tags, t, " ")
		printf "%-26s", "case"
		for (i = 1; i <= n; i++) printf " %-14s", t[i]
		print ""
		while (("ls -d tests/targets/faults/* tests/targets/healthy/*") | getline d) {
			sub(/.*\//, "", d)
			if (!(d in seen)) continue
			printf "%-26s", d
			for (i = 1; i <= n; i++) printf " %-14s", cell[d, t[i]]
			print d in why ? " " why[d] : ""
		}
	}' "$WORK/results"
}
table >"$LIVE/findings.txt"
sed 's/^/# /' "$LIVE/findings.txt"

for tag in $tags; do
	all=$(list_cases | grep -c /faults/)
	grep " $tag skipped" "$WORK/results" >"$WORK/skipped"
	while read -r name _ _ why; do
		skip "$tag: $name" "$why"
		all=$((all - 1))
	done <"$WORK/skipped"
	is "$tag: faults named of $all, in time" "$(grep -c " $tag found" "$WORK/results")" "$all"
	all=$(list_cases | grep -c /healthy/)
	is "$tag: healthy ones left alone of $all" "$(grep -c " $tag quiet" "$WORK/results")" "$all"
	is "$tag: proven and refuted" "$(grep -c " $tag wrong" "$WORK/results")" 0
done
finish
