// nil_receive: it receives from a channel that was never made
// want: nil-channel error line=12 kind=nil
package main

import "time"

type worker struct {
	jobs chan int
}

func (w *worker) run() {
	for j := range w.jobs {
		_ = j
	}
}

func main() {
	go new(worker).run()
	for {
		time.Sleep(time.Second)
	}
}
