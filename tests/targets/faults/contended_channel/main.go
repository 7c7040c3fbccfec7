// contended_channel: twenty senders, one slow receiver
// want: contention info line=9 kind=chan
package main

import "time"

func send(out chan<- int) {
	for i := 0; ; i++ {
		out <- i
	}
}

func main() {
	c := make(chan int)
	for i := 0; i < 20; i++ {
		go send(c)
	}
	for range c {
		time.Sleep(5 * time.Millisecond)
	}
}
