// nil_send: it sends to a channel that was never made
// want: nil-channel error line=12 kind=nil
package main

import "time"

type worker struct {
	results chan int
}

func (w *worker) run() {
	w.results <- 1
}

func main() {
	go new(worker).run()
	for {
		time.Sleep(time.Second)
	}
}
