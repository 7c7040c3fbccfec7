#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Succeeds where the named compiler can link its address and undefined-behaviour sanitizers.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
echo 'int main(void) { return 0; }' >"$tmp/probe.c"
"${1:-cc}" -w -fsanitize=address,undefined "$tmp/probe.c" -o "$tmp/probe" >/dev/null 2>&1 && "$tmp/probe"
