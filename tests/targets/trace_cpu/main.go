// trace_cpu FILE: a CPU profile taken during the trace, so that the trace holds its samples.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"
)

func hash(data []byte) (h uint32) {
	for _, b := range data {
		h = (h ^ uint32(b)) * 16777619
	}
	return h
}

func burn(until time.Time, wg *sync.WaitGroup) {
	defer wg.Done()
	data := make([]byte, 4096)
	for time.Now().Before(until) {
		data[0] = byte(hash(data))
	}
}

func run() error {
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	var wg sync.WaitGroup
	until := time.Now().Add(350 * time.Millisecond)
	for _, name := range []string{"red", "green", "blue"} {
		wg.Add(1)
		go pprof.Do(context.Background(), pprof.Labels("colour", name), func(context.Context) {
			burn(until, &wg)
		})
	}
	wg.Wait()
	return nil
}

func main() {
	f, err := os.Create(os.Args[1])
	if err == nil {
		err = trace.Start(f)
	}
	if err == nil {
		err = run()
		trace.Stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
