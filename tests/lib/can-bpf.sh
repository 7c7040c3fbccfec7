#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# can-bpf.sh CLANG BPFTOOL: succeeds where these and libbpf can make a program's kernel side.
[ -n "${2:-}" ] && pkg-config --exists 'libbpf >= 0.8' && "$2" gen object --help >/dev/null 2>&1 || exit 1
echo 'int x;' | "$1" -target bpf -c -x c -o /dev/null - >/dev/null 2>&1
