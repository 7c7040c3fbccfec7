// abandoned_receiver: who should have sent returned early
// want: leak warning line=17 kind=chan
package main

import "time"

func produce(out chan<- string, fail bool) {
	if fail {
		return
	}
	out <- "done"
}

func start() {
	out := make(chan string)
	go func() {
		_ = <-out
	}()
	go produce(out, true)
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
