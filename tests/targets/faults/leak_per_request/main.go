// leak_per_request: each request leaves a goroutine behind
// want: leak warning line=11 kind=chan
package main

import "time"

func handle() {
	answer := make(chan int)
	go func() {
		time.Sleep(30 * time.Millisecond)
		answer <- 1
	}()
	select {
	case <-answer:
	case <-time.After(5 * time.Millisecond):
	}
}

func main() {
	for {
		handle()
		time.Sleep(45 * time.Millisecond)
	}
}
