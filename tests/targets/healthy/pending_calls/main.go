// pending_calls: calls wait for answers, their channels in a map by number
// want: none
package main

import (
	"sync"
	"time"
)

type client struct {
	mu      sync.Mutex
	pending map[int]chan int
	seq     int
}

func (c *client) call() int {
	r := make(chan int, 1)
	c.mu.Lock()
	c.seq++
	c.pending[c.seq] = r
	c.mu.Unlock()
	return <-r
}

func (c *client) answer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, r := range c.pending {
		r <- k
		delete(c.pending, k)
	}
}

func main() {
	c := &client{pending: map[int]chan int{}}
	for i := 0; i < 4; i++ {
		go func() {
			for {
				c.call()
			}
		}()
	}
	for {
		time.Sleep(6 * time.Second)
		c.answer()
	}
}
