// running: goroutines that never stop running, each in a loop of its own, on lines "// in NAME".
// With -storm N: N threads that come out of sleeps and system calls all the time, collections of garbage
// (and so preemption by signals), goroutines that come and go; the count of what was done and the number of collections are printed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

var (
	sink  [4]uint64
	kept  [8][]byte
	steps uint64

	stopped bool
)

func leaf() {
	for x := uint64(1); !stopped; x = x*5 + 1 { // in main.leaf
		sink[0] = x // in main.leaf
	}
}

//go:noinline
func callee(x uint64) uint64 {
	return x ^ x<<13 // in main.callee
}

func caller() {
	for x := uint64(1); ; x++ { // in main.caller
		sink[1] += callee(x) // in main.caller
	}
}

func allocates() {
	for i := 0; ; i++ { // in main.allocates
		kept[i&7] = make([]byte, 1024) // in main.allocates
	}
}

func asksTime() {
	for {
		sink[3] += uint64(time.Now().Nanosecond()) // in main.asksTime
	}
}

func storm(n int) {
	for i := 0; i < n; i++ {
		go func() {
			runtime.LockOSThread()
			b := make([]byte, 1)
			f, err := os.Open("/dev/zero")
			if err != nil {
				panic(err)
			}
			for {
				time.Sleep(time.Millisecond)
				if _, err := io.ReadFull(f, b); err != nil {
					panic(err)
				}
				atomic.AddUint64(&steps, 1)
			}
		}()
	}
	go func() {
		for {
			runtime.GC()
			time.Sleep(10 * time.Millisecond)
		}
	}()
	go func() {
		for {
			done := make(chan bool)
			for i := 0; i < 50; i++ {
				go func() { done <- true }()
			}
			for i := 0; i < 50; i++ {
				<-done
			}
			time.Sleep(time.Millisecond)
		}
	}()
}

func report() {
	for {
		var m runtime.MemStats
		time.Sleep(100 * time.Millisecond)
		runtime.ReadMemStats(&m)
		fmt.Println("steps", atomic.LoadUint64(&steps), "gc", m.NumGC)
	}
}

func main() {
	threads := flag.Int("storm", 0, "threads")
	procs := flag.Int("procs", 5, "GOMAXPROCS")
	last := flag.Duration("for", 0, "end after that long")
	flag.Parse()
	runtime.GOMAXPROCS(*procs)
	debug.SetGCPercent(2000)
	go leaf()
	go caller()
	go allocates()
	go asksTime()
	fmt.Println("ready")
	if *last > 0 {
		time.AfterFunc(*last, func() { os.Exit(0) })
	}
	if *threads > 0 {
		storm(*threads)
	}
	report()
}
