//go:build go1.23

// trace_coro FILE: coroutines (iter.Pull), which switch to each other past the scheduler.
package main

import (
	"fmt"
	"iter"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func pairUp(a, b iter.Seq[int]) (sum int) {
	nextA, stopA := iter.Pull(a)
	defer stopA()
	nextB, stopB := iter.Pull(b)
	defer stopB()
	for {
		x, ok := nextA()
		y, more := nextB()
		if !ok || !more {
			return sum
		}
		sum += x * y
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
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			pairUp(count(50+i), count(40))
		}(i)
	}
	wg.Wait()
	// one that is left in the middle, over the end of a generation
	next, stop := iter.Pull(count(10))
	next()
	time.Sleep(1100 * time.Millisecond)
	next()
	trace.Stop()
	stop()
}
