# What runtime.Stack, SIGQUIT or debug=2 print, as live_dump prints it: a line for each goroutine.
# The goroutine that printed it is left out. quit=1: of a SIGQUIT, which shows all frames and leaves no
# goroutine out, as live_dump -a; but for the system stack, goroutine 0.
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
	skip = quit ? id == 0 : !count++
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
	sub(/^\t/, ""); sub(/ fp=0x.*$/, ""); sub(/ \+0x[0-9a-f]+$/, "")
	frames = frames (frames == "" ? "" : ";") called " " $0
	next
}
{
	sub(/\([^()]*\)$/, "")
	called = $0
}
END { flush() }
