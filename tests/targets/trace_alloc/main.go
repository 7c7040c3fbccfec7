// trace_alloc FILE: run with GODEBUG=traceallocfree=1 (Go 1.23 or later), its trace holds every
// allocation and release of spans, objects and stacks.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"runtime/trace"
)

type item struct {
	name string
	next *item
}

var kept []*item

func grow(n int) int {
	var pad [512]byte
	if n == 0 {
		return int(pad[0])
	}
	return grow(n-1) + int(pad[n%512])
}

func run() {
	debug.SetGCPercent(10)
	for round := 0; round < 4; round++ {
		done := make(chan int)
		for i := 0; i < 20; i++ {
			go func(i int) {
				kept := &item{name: fmt.Sprint("item ", i)}
				big := make([]byte, 1<<uint(i))
				done <- grow(i*2) + len(big) + len(kept.name)
			}(i)
		}
		for i := 0; i < 20; i++ {
			<-done
		}
		kept = append(kept, &item{name: "kept"})
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
