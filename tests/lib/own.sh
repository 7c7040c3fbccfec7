# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What a suite has started, ended with it, to be sourced:
#   own PID...      remembers them
#   own_end         ends those that are still there
# By number and start: a number alone may long be another process's, of another suite or of the user.
own_list=

own_start() # PID
{
	sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

own()
{
	for own_pid; do
		own_list="$own_list $own_pid/$(own_start "$own_pid")"
	done
}

own_end()
{
	for own_pid in $own_list; do
		[ "${own_pid#*/}" != "$(own_start "${own_pid%/*}")" ] || kill -9 "${own_pid%/*}" 2>/dev/null
	done
	own_list=
}
