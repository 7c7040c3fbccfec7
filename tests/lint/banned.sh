#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# banned.sh [ROOT]: prints calls below ROOT/src of functions that this program does without, and what
# stands in for them. Comments and strings do not count.
set -u
cd "${1:-.}" || exit 2

find src -name '*.[ch]' -type f | sort | xargs awk '
	BEGIN {
		ban("strcpy strcat stpcpy strncpy strncat sprintf vsprintf gets", "snprintf, or memcpy with a length")
		ban("strtok", "strtok_r or strsep")
		ban("alloca strdupa strndupa", "memory of a known size, or core/mem.h")
		ban("malloc calloc realloc reallocarray strdup strndup asprintf vasprintf", "core/mem.h: running out is fatal in one place")
		ban("atoi atol atoll atof", "strtol and its kind, which tell of errors")
		ban("tmpnam tempnam mktemp", "mkstemp")
		ban("system popen", "posix_spawn with arguments of its own")
		ban("localtime gmtime ctime asctime", "localtime_r, gmtime_r, strftime")
		ban("rand srand", "a generator with a state of its own")
	}
	function ban(names, instead,	list, i, n) {
		n = split(names, list, " ")
		for (i = 1; i <= n; i++)
			use[list[i]] = instead
	}
	FNR == 1 { comment = 0 }
	{
		line = $0
		if (comment) {
			if (!sub(/^.*\*\//, "", line))
				next
			comment = 0
		}
		gsub(/\\\\|\\"/, "", line)
		gsub(/"[^"]*"/, "\"\"", line)
		gsub(/\/\*([^*]|\*[^\/])*\*\//, "", line)
		if (sub(/\/\*.*/, "", line))
			comment = 1
		sub(/\/\/.*/, "", line)
		while (match(line, /[A-Za-z_][A-Za-z_0-9]*[ \t]*\(/)) {
			name = substr(line, RSTART, RLENGTH - 1)
			before = RSTART > 1 ? substr(line, RSTART - 1, 1) : ""
			line = substr(line, RSTART + RLENGTH)
			sub(/[ \t]+$/, "", name)
			if (name in use && before !~ /[.>]/ && FILENAME !~ /^src\/core\/mem\.[ch]$/) {
				printf "%s:%d: %s(): use %s\n", FILENAME, FNR, name, use[name]
				bad = 1
			}
		}
	}
	END { exit bad }' /dev/null
