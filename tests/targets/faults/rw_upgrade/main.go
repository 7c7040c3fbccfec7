// rw_upgrade: a reader wants to write without letting go
// want: deadlock error line=21 kind=rwmutex
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
	if v, ok := c.m[k]; ok {
		return v
	}
	c.mu.Lock()
	c.m[k] = k
	c.mu.Unlock()
	return k
}

func main() {
	c := &cache{m: map[int]int{}}
	go c.get(7)
	for {
		time.Sleep(time.Second)
	}
}
