// pipe: a pipe that is written to now and then
// want: none
package main

import (
	"io"
	"time"
)

func main() {
	r, w := io.Pipe()
	go io.Copy(io.Discard, r)
	for {
		time.Sleep(6 * time.Second)
		w.Write([]byte("x"))
	}
}
