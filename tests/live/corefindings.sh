#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# limit: 900
# A core says of each planted fault what the living process was said to have, but for what takes time to
# see; docs/architecture.md lists that, and this suite holds the list. Of healthy programs it says nothing of weight.
#   tests/live/corefindings.sh [-v VERSION]... [CASE]...
# What came out is kept in $BUILD/live/corefindings.txt.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/lib/tap.sh
. tests/live/lib.sh
. tests/live/corpus.sh
AT_ONCE=${AT_ONCE:-10}

corpus_args "$@"
versions=${versions:-1.19 1.27}

command -v jq >/dev/null || { skip "findings of cores" "jq is not here"; finish; }
if [ "$(cat /proc/sys/kernel/core_pattern)" != core ] || [ "$(cat /proc/sys/kernel/core_uses_pid)" != 0 ]; then
	skip "findings of cores" "core_pattern leads elsewhere"
	finish
fi
live_go >"$WORK/go"
corpus_source
tags=
for v in $versions; do
	go=$(awk -v v="$v" '$1 == v { print $2; exit }' "$WORK/go")
	[ -n "$go" ] || { skip "Go $v" "its toolchain is not here (tests/toolchains.sh fetches it)"; continue; }
	if corpus_build "$v" "$go" plain; then tags="$tags $v-plain"
	else not_ok "Go $v builds" "$WORK/build.log"; fi
done

# Lines "- *DETECTOR*, WHAT (CASE, CASE): WHY" below that heading.
sed -n '/^\*\*What a core cannot tell/,/^\*\*Dump texts/s/^- \*\([a-z-]*\)\*.*(\([a-z_, ]*\)).*/\1 \2/p' docs/architecture.md |
	tr -d ',' | awk '{ for (i = 2; i <= NF; i++) print $i, $1 }' | sort >"$WORK/listed"

for tag in $tags; do
	list_cases | while read -r d; do echo "$BINGO" "$LIVE/corpus-$tag" "$d" "$tag" "$WORK"; done |
		xargs -r -P "$AT_ONCE" -n 5 sh tests/live/corefindings_case | sort >"$WORK/results"
	cat "$WORK/results" >>"$WORK/all"
	grep " skipped " "$WORK/results" | while read -r name _ _ why; do skip "$tag: $name" "$why"; done
	grep -E " (other|false) " "$WORK/results" | cut -c1-500 >"$WORK/bad"
	if [ -s "$WORK/bad" ] || ! [ -s "$WORK/results" ]; then
		not_ok "$tag: a core says the same, and nothing of healthy programs" "$WORK/bad"
	else
		ok "$tag: of $(grep -c " same " "$WORK/results") faults a core says the same, of $(grep -c " quiet" "$WORK/results") healthy programs nothing"
	fi
	awk '$3 == "less" { for (i = 4; i <= NF; i++) print $1, $i }' "$WORK/results" | sort >"$WORK/less"
	comm -23 "$WORK/less" "$WORK/listed" >"$WORK/bad"
	if [ -s "$WORK/bad" ]; then not_ok "$tag: what a core cannot tell is listed" "$WORK/bad"
	else ok "$tag: what a core cannot tell is listed"; fi
	# what is listed must not have been told
	awk 'NR == FNR { listed[$1]; next } ($1 in listed) && $3 == "same" && $4 > 0' "$WORK/listed" "$WORK/results" >"$WORK/bad"
	if [ -s "$WORK/bad" ]; then not_ok "$tag: what is listed a core does not tell" "$WORK/bad"
	else ok "$tag: what is listed a core does not tell"; fi
done
cp "$WORK/all" "$LIVE/corefindings.txt"
finish
