// rw_lock_then_rlock: a writer reads what it holds
// want: deadlock error line=16 kind=rwmutex
package main

import (
	"sync"
	"time"
)

type table struct {
	mu   sync.RWMutex
	rows []int
}

func (t *table) size() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.rows)
}

func (t *table) add(v int) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, v)
	return t.size()
}

func main() {
	go new(table).add(1)
	for {
		time.Sleep(time.Second)
	}
}
