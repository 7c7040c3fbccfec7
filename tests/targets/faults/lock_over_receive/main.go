// lock_over_receive: it waits for an answer with the lock that the answerer wants
// want: deadlock error line=20,25 kind=chan,mutex n=2
package main

import (
	"sync"
	"time"
)

type client struct {
	mu    sync.Mutex
	reply chan int
	seq   int
}

func (c *client) call() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	return <-c.reply
}

func (c *client) answer() {
	time.Sleep(30 * time.Millisecond)
	c.mu.Lock()
	v := c.seq
	c.mu.Unlock()
	c.reply <- v
}

func start() {
	c := &client{reply: make(chan int)}
	go c.call()
	go c.answer()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
