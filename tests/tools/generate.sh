#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# generate.sh [FOLDER]: what is made of the program's tables: the manual's sections on keys, exports and
# settings, and the completions. Into the tree, or into FOLDER; tests/cli/manual.sh holds the two against each other.
set -eu
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
to=${1:-.}
mkdir -p "$to/man" "$to/completions"

# section FILE NAME COMMAND...: puts its output between the file's marks of that name
section()
{
	file=$1
	name=$2
	shift 2
	"$@" >"$to/man/section"
	awk -v name="$name" -v from="$to/man/section" '
		$0 == ".\\\" " name "-end" { skip = 0 }
		!skip { print }
		$0 == ".\\\" " name "-begin" {
			while ((getline line <from) > 0)
				print line
			skip = 1
		}' "$file" >"$to/man/new"
	rm "$to/man/section"
	mv "$to/man/new" "$to/$file"
}

section man/bingo-top.1 keys "$BUILD/tests/tools/print_man"
section man/bingo-top.1 formats "$BUILD/tests/tools/print_man" formats
section man/bingo-top.5 settings "$BUILD/tests/tools/print_man" settings
"$BUILD/bingo-top" --completions bash >"$to/completions/bingo-top.bash"
"$BUILD/bingo-top" --completions zsh >"$to/completions/_bingo-top"
"$BUILD/bingo-top" --completions fish >"$to/completions/bingo-top.fish"
