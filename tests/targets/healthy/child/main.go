// child: it waits for a child process
// want: none
package main

import "os/exec"

func main() {
	for {
		exec.Command("sleep", "30").Run()
	}
}
