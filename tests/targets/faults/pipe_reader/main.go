// pipe_reader: a reader of a pipe whose writer is gone without Close
// want: leak warning line=13 kind=chan
package main

import (
	"io"
	"time"
)

func start() {
	r, w := io.Pipe()
	go func() {
		io.ReadAll(r)
	}()
	go func() {
		w.Write([]byte("half"))
	}()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
