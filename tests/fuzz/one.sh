#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# one.sh FUZZER: runs it for $TIME seconds; leaves FUZZER.log and FUZZER.rc in $BUILD/fuzz.
set -u
fuzzer=$1
name=${fuzzer#fuzz_}
here=$BUILD/fuzz
corpus=$here/corpus-$name
mkdir -p "$corpus"
set -- "$corpus"
[ ! -d "tests/fuzz/seeds-$name" ] || set -- "$@" "tests/fuzz/seeds-$name"
case $name in
trace*) [ ! -d tests/data ] || set -- "$@" tests/data ;;
esac
[ ! -f "tests/fuzz/$name.dict" ] || set -- "-dict=tests/fuzz/$name.dict" "$@"
"$here/$fuzzer" -max_total_time="$TIME" -print_final_stats=1 -timeout=60 -rss_limit_mb=2048 \
	-malloc_limit_mb=1024 -max_len=262144 -artifact_prefix="$here/crash-$name-" "$@" \
	>"$here/$fuzzer.log" 2>&1 </dev/null
echo $? >"$here/$fuzzer.rc"
