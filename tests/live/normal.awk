# What runtime.Stack, SIGQUIT or debug=2 print, as live_dump prints it: a line for each goroutine.
# The goroutine that printed it is left out (quit=1: none is).
function flush() {
	if (id != "" && !skip)
		print id "|" state "|" locked "|" frames "|" made "|"
	id = ""
}
/^goroutine [0-9]+ .*\[.*\].*:$/ {
	flush()
	id = $2; frames = made = ""; locked = "-"
	state = $0
	sub(/^goroutine [0-9]+ [^[]*\[/, "", state)
	sub(/\][^]]*:$/, "", state)
	if (sub(/, locked to thread/, "", state)) locked = "locked"
	sub(/, [0-9]+ minutes/, "", state)
	sub(/ \(scan\)/, "", state)
	skip = !count++ && !quit
	next
}
/^[ \t]*$/ { flush(); next }
id == "" { next }
/^created by / {
	made = $0; sub(/^created by /, "", made)
	getline; sub(/^\t/, ""); sub(/ \+0x[0-9a-f]+$/, "")
	made = made " " $0
	next
}
/^\t/ {
	sub(/^\t/, ""); sub(/ \+0x[0-9a-f]+$/, ""); sub(/ fp=0x.*$/, "")
	frames = frames " " $0
	next
}
{
	sub(/\([^()]*\)$/, "")
	frames = frames (frames == "" ? "" : ";") $0
}
END { flush() }
