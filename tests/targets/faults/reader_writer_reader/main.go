// reader_writer_reader: a reader reads once more while a writer waits
// want: deadlock error line=16,29 kind=rwmutex
package main

import (
	"sync"
	"time"
)

type config struct {
	mu sync.RWMutex
	v  int
}

func (c *config) value() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.v
}

func (c *config) sum() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	time.Sleep(100 * time.Millisecond)
	return c.value() + c.value()
}

func (c *config) set(v int) {
	c.mu.Lock()
	c.v = v
	c.mu.Unlock()
}

func main() {
	c := &config{}
	go c.sum()
	time.Sleep(30 * time.Millisecond)
	go c.set(1)
	for {
		time.Sleep(time.Second)
	}
}
