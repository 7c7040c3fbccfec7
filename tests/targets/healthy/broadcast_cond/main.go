// broadcast_cond: many wait on a Cond that is broadcast now and then
// want: none
package main

import (
	"sync"
	"time"
)

type topic struct {
	mu   sync.Mutex
	cond *sync.Cond
	n    int
}

func (t *topic) follow() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for seen := t.n; ; seen = t.n {
		for seen == t.n {
			t.cond.Wait()
		}
	}
}

func main() {
	t := new(topic)
	t.cond = sync.NewCond(&t.mu)
	for i := 0; i < 8; i++ {
		go t.follow()
	}
	for {
		time.Sleep(6 * time.Second)
		t.mu.Lock()
		t.n++
		t.cond.Broadcast()
		t.mu.Unlock()
	}
}
