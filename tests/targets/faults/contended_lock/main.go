// contended_lock: twenty goroutines at one lock
// want: contention info line=17 kind=mutex
package main

import (
	"sync"
	"time"
)

type ledger struct {
	mu sync.Mutex
	n  int
}

func (l *ledger) book() {
	for {
		l.mu.Lock()
		time.Sleep(5 * time.Millisecond)
		l.n++
		l.mu.Unlock()
	}
}

func main() {
	l := new(ledger)
	for i := 0; i < 20; i++ {
		go l.book()
	}
	for {
		time.Sleep(time.Second)
	}
}
