#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# arrows.sh [ROOT]: reads the #include lines below ROOT/src and prints those that go against the house:
#
#   main, app -> ui, export, source     ui, export -> analysis -> core
#   source -> target, bpf, core         target -> core         bpf -> core
#
# What a room may know, it may know of at any depth: app sees core too. Only app and what is below
# source may know a process; only ui knows the screen's library.
set -u
cd "${1:-.}" || exit 2

find src -name '*.[ch]' -type f | sort | xargs awk '
	BEGIN {
		may["core"] = "core"
		may["analysis"] = "analysis core"
		may["ui"] = "ui analysis core"
		may["export"] = "export analysis core"
		may["target"] = "target core"
		may["bpf"] = "bpf core"
		may["source"] = "source target bpf core"
		may["app"] = "app ui export source analysis core"
	}
	function complain(what) {
		printf "%s:%d: %s\n", FILENAME, FNR, what
		bad = 1
	}
	FNR == 1 {
		n = split(FILENAME, part, "/")
		room = n > 2 ? part[2] : "app"
		if (!(room in may))
			complain("src/" room " is no room of the house")
	}
	/^[ \t]*#[ \t]*include[ \t]*"/ {
		path = $0
		sub(/^[^"]*"/, "", path)
		sub(/".*/, "", path)
		if (path ~ /\.\.?\//) {
			complain("\"" path "\": paths are from src/")
			next
		}
		to = path ~ /\// ? substr(path, 1, index(path, "/") - 1) : "app"
		if (path == "version.h")
			next
		if (index(" " may[room] " ", " " to " ") == 0)
			complain(room " may not know " to " (\"" path "\")")
	}
	/^[ \t]*#[ \t]*include[ \t]*<(ncurses|curses|panel|term)/ && room != "ui" {
		complain("only ui knows curses")
	}
	/^[ \t]*#[ \t]*include[ \t]*<(libelf|gelf|elfutils\/|sys\/ptrace|bpf\/)/ && room !~ /^(target|bpf|source)$/ {
		complain("only target, bpf and source know processes and their files")
	}
	END { exit bad }' /dev/null
