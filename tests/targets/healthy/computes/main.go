// computes: more goroutines that compute than processors
// want: none
package main

import (
	"runtime"
	"sync/atomic"
	"time"
)

var sink uint64

func compute(n uint64) {
	for {
		x := n
		for i := 0; i < 1000000; i++ {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
		}
		atomic.AddUint64(&sink, x)
		time.Sleep(20 * time.Millisecond)
	}
}

func main() {
	runtime.GOMAXPROCS(2)
	for i := uint64(1); i < 6; i++ {
		go compute(i)
	}
	for {
		time.Sleep(time.Second)
	}
}
