// ticker_or_stop: a janitor that waits for a tick or its end
// want: none
package main

import "time"

type cache struct {
	stop chan struct{}
	n    int
}

func (c *cache) janitor() {
	t := time.NewTicker(30 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			c.n = 0
		case <-c.stop:
			return
		}
	}
}

func main() {
	c := &cache{stop: make(chan struct{})}
	go c.janitor()
	for {
		time.Sleep(time.Second)
		c.n++
	}
}
