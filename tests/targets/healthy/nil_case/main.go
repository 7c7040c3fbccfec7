// nil_case: a select with a case turned off
// want: none
package main

import "time"

func run(in <-chan int, off chan<- int) {
	for {
		select {
		case <-in:
		case off <- 1:
		}
	}
}

func main() {
	in := make(chan int)
	go run(in, nil)
	for {
		time.Sleep(6 * time.Second)
		in <- 1
	}
}
