// lock_held_helper: locked in one method, unlocked in another
// want: none
package main

import (
	"sync"
	"time"
)

type tx struct {
	mu sync.Mutex
	n  int
}

func (t *tx) begin()  { t.mu.Lock() }
func (t *tx) commit() { t.mu.Unlock() }

func main() {
	t := new(tx)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				t.begin()
				time.Sleep(3 * time.Second)
				t.n++
				t.commit()
			}
		}()
	}
	for {
		time.Sleep(time.Second)
	}
}
