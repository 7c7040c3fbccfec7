// rw_order: two RWMutexes, read one and write the other
// want: deadlock error line=19 kind=rwmutex n=2
package main

import (
	"sync"
	"time"
)

type part struct {
	mu sync.RWMutex
	n  int
}

func move(from, to *part) {
	from.mu.RLock()
	defer from.mu.RUnlock()
	time.Sleep(50 * time.Millisecond)
	to.mu.Lock()
	to.n += from.n
	to.mu.Unlock()
}

func main() {
	x, y := &part{}, &part{}
	go move(x, y)
	go move(y, x)
	for {
		time.Sleep(time.Second)
	}
}
