#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The house's format is that of clang-format 14, which .clang-format is written for.
#   format.sh --write   formats every C file
#   format.sh --check   prints what is not formatted; exits 77 and says why where version 14 is
#                       not here and the version that is would format something else
set -u
cd "$(dirname "$0")/../.." || exit 1

version() { "$1" --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p'; }

# The one of version 14 where there is one.
find_tool()
{
	for t in clang-format-14 /usr/lib/llvm-14/bin/clang-format clang-format; do
		if [ "$(version "$t")" = 14 ]; then
			echo "$t"
			return
		fi
	done
	command -v clang-format
}

tool=$(find_tool)
if [ -z "$tool" ]; then
	echo "clang-format is not installed"
	exit 77
fi
files() { find src tests -name '*.[ch]' -type f | sort; }

case ${1:-} in
--write)
	[ "$(version "$tool")" = 14 ] || { echo "needs clang-format 14, not $(version "$tool")" >&2; exit 1; }
	files | xargs "$tool" -i
	;;
--check)
	out=$(files | xargs "$tool" --dry-run 2>&1)
	[ -n "$out" ] || exit 0
	if [ "$(version "$tool")" != 14 ]; then
		echo "the format is that of clang-format 14; version $(version "$tool") would make another"
		exit 77
	fi
	printf '%s\n' "$out" | awk -F: '
		/warning: code should be clang-formatted/ { if (!n[$1]++) line[$1] = $2 }
		END { for (f in n) printf "%s:%d: the first of %d places\n", f, line[f], n[f] }' | sort
	exit 1
	;;
*)
	echo "usage: format.sh --write | --check" >&2
	exit 2
	;;
esac
