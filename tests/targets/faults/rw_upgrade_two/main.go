// rw_upgrade_two: two readers want to write
// want: deadlock error line=19 kind=rwmutex
package main

import (
	"sync"
	"time"
)

type cache struct {
	mu sync.RWMutex
	m  map[int]int
}

func (c *cache) get(k int) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	time.Sleep(50 * time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[k] = k
	return k
}

func main() {
	c := &cache{m: map[int]int{}}
	go c.get(7)
	go c.get(8)
	for {
		time.Sleep(time.Second)
	}
}
