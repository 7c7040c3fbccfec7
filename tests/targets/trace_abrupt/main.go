// trace_abrupt FILE: the process ends in the middle of its trace.
package main

import (
	"fmt"
	"os"
	"runtime/trace"
	"time"
)

func ping(in <-chan int, out chan<- int) {
	for v := range in {
		time.Sleep(500 * time.Microsecond)
		out <- v + 1
	}
}

func main() {
	f, err := os.Create(os.Args[1])
	if err == nil {
		err = trace.Start(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	a, b := make(chan int), make(chan int)
	go ping(a, b)
	go ping(b, a)
	a <- 0
	time.Sleep(2300 * time.Millisecond)
	os.Exit(0)
}
