// trace_pipeline FILE: stages that pass work on, fan out, select and finish.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

type order struct {
	id, sum int
}

func produce(n int, out chan<- order) {
	defer close(out)
	for i := 0; i < n; i++ {
		out <- order{id: i}
	}
}

func work(wg *sync.WaitGroup, in <-chan order, out chan<- order) {
	defer wg.Done()
	for o := range in {
		for i := 0; i < 50*(o.id%7); i++ {
			o.sum += i
		}
		if o.id%5 == 0 {
			runtime.Gosched()
		}
		out <- o
	}
}

func fanOut(workers int, in <-chan order, out chan order) {
	var wg sync.WaitGroup
	for i := 0; i < workers; i++ {
		wg.Add(1)
		go work(&wg, in, out)
	}
	wg.Wait()
	close(out)
}

func collect(in <-chan order, quit <-chan struct{}, done chan<- int) {
	total := 0
	for {
		select {
		case o, ok := <-in:
			if !ok {
				done <- total
				return
			}
			total += o.sum
		case <-quit:
			done <- -1
			return
		case <-time.After(time.Second):
			panic("stuck")
		}
	}
}

func run() {
	for _, buffer := range []int{0, 1, 16} {
		made, worked := make(chan order, buffer), make(chan order, buffer)
		done, quit := make(chan int), make(chan struct{})
		go produce(300, made)
		go fanOut(6, made, worked)
		go collect(worked, quit, done)
		<-done
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
	run()
	trace.Stop()
}
