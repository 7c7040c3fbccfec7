// lock_held_long: a lock held for three seconds at a time, by defer
// want: none
package main

import (
	"sync"
	"time"
)

type report struct {
	mu sync.Mutex
	n  int
}

func (r *report) build() {
	r.mu.Lock()
	defer r.mu.Unlock()
	time.Sleep(3 * time.Second)
	r.n++
}

func main() {
	r := new(report)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				r.build()
			}
		}()
	}
	for {
		r.build()
	}
}
