// trace_twice FILE: the second trace of a process; some of its goroutines are older than the first.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime/trace"
	"sync"
)

func relay(in <-chan int, out chan<- int) {
	for v := range in {
		out <- v + 1
	}
	close(out)
}

func chain(n int) (chan<- int, <-chan int) {
	first := make(chan int)
	var last chan int = first
	for i := 0; i < n; i++ {
		next := make(chan int)
		go relay(last, next)
		last = next
	}
	return first, last
}

func work(in chan<- int, out <-chan int) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		for i := 0; i < 20; i++ {
			<-out
		}
	}()
	for i := 0; i < 20; i++ {
		in <- i
	}
	wg.Wait()
}

func record(w io.Writer, in chan<- int, out <-chan int) error {
	if err := trace.Start(w); err != nil {
		return err
	}
	work(in, out)
	trace.Stop()
	return nil
}

func run(name string) error {
	in, out := chain(5)
	if err := record(io.Discard, in, out); err != nil {
		return err
	}
	work(in, out)
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := record(f, in, out); err != nil {
		return err
	}
	return f.Close()
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
