#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Succeeds where the named clang is here and can link libFuzzer with both sanitizers.
set -u
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n > 9; }' >"$tmp/probe.c"
"${1:-clang}" -w -fsanitize=fuzzer,address,undefined "$tmp/probe.c" -o "$tmp/probe" >/dev/null 2>&1 &&
	"$tmp/probe" -runs=1 >/dev/null 2>&1
