// trace_timers FILE: sleeps, tickers, timeouts.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

func tick(n int, wg *sync.WaitGroup) {
	defer wg.Done()
	t := time.NewTicker(time.Millisecond)
	defer t.Stop()
	for i := 0; i < n; i++ {
		<-t.C
	}
}

func timeout(wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-time.After(time.Hour):
	}
}

func run() {
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(4)
		go tick(10, &wg)
		go timeout(&wg)
		go func(i int) { defer wg.Done(); time.Sleep(time.Duration(i+1) * time.Millisecond) }(i)
		time.AfterFunc(time.Duration(i)*time.Millisecond, wg.Done)
	}
	wg.Wait()
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
