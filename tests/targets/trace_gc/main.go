// trace_gc FILE: the collector under pressure (assists, sweeps) and every cause of a stopped world.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"
)

type node struct {
	next *node
	body [120]byte
}

func allocate(n int, wg *sync.WaitGroup) {
	defer wg.Done()
	var head *node
	for i := 0; i < n; i++ {
		head = &node{next: head}
		if i%1000 == 0 {
			head = nil
		}
	}
	runtime.KeepAlive(head)
}

func crunch(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i * i
	}
	return sum
}

func stops() error {
	var ms runtime.MemStats
	runtime.ReadMemStats(&ms)
	n := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(n + 2)
	time.Sleep(time.Millisecond)
	runtime.GOMAXPROCS(1)
	time.Sleep(time.Millisecond)
	runtime.GOMAXPROCS(n)
	buf := make([]byte, 1<<16)
	runtime.Stack(buf, true)
	var profile [100]runtime.StackRecord
	runtime.GoroutineProfile(profile[:])
	f, err := os.CreateTemp("", "trace_gc")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := pprof.Lookup("goroutine").WriteTo(f, 2); err != nil {
		return err
	}
	debug.WriteHeapDump(f.Fd())
	debug.FreeOSMemory()
	return nil
}

func run() error {
	debug.SetGCPercent(20)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go allocate(60000, &wg)
	}
	wg.Wait()
	debug.SetGCPercent(100)
	runtime.GC()
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); crunch(30000000) }()
	}
	wg.Wait()
	return stops()
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
