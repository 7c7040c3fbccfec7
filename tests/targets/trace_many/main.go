// trace_many [-n 100000] FILE: a crowd of parked goroutines, half of them made before the trace,
// and a few that go on.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

type crowd struct {
	ready, gone sync.WaitGroup
	c           chan int
	mu          sync.Mutex
	quit        chan struct{}
}

func (w *crowd) receive() { w.ready.Done(); <-w.c; w.gone.Done() }
func (w *crowd) lock()    { w.ready.Done(); w.mu.Lock(); w.mu.Unlock(); w.gone.Done() }
func (w *crowd) choose() {
	w.ready.Done()
	select {
	case <-w.c:
	case <-w.quit:
	}
	w.gone.Done()
}

func (w *crowd) add(n int) {
	w.ready.Add(n)
	w.gone.Add(n)
	for i := 0; i < n; i++ {
		switch {
		case i%1000 == 0:
			go w.lock()
		case i%3 == 0:
			go w.choose()
		default:
			go w.receive()
		}
	}
	w.ready.Wait()
}

func run() error {
	n := flag.Int("n", 100000, "how `many`")
	flag.Parse()
	f, err := os.Create(flag.Arg(0))
	if err != nil {
		return err
	}
	w := &crowd{c: make(chan int), quit: make(chan struct{})}
	w.mu.Lock()
	w.add(*n / 2)
	time.Sleep(20 * time.Millisecond)
	if err := trace.Start(f); err != nil {
		return err
	}
	w.add(*n - *n/2)
	for i := 0; i < *n/100; i++ {
		w.c <- i
	}
	w.mu.Unlock()
	time.Sleep(20 * time.Millisecond)
	trace.Stop()
	return f.Close()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
