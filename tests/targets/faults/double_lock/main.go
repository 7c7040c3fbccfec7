// double_lock: a goroutine locks what it holds
// want: deadlock error line=16 kind=mutex
package main

import (
	"sync"
	"time"
)

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add() {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
}

func (c *counter) addTwice() {
	c.mu.Lock()
	c.add()
	c.add()
	c.mu.Unlock()
}

func main() {
	go new(counter).addTwice()
	for {
		time.Sleep(time.Second)
	}
}
