// once_waits: the first user waits in Once.Do for what never comes
// want: leak warning line=17 kind=chan
package main

import (
	"sync"
	"time"
)

type conn struct {
	once  sync.Once
	ready chan struct{}
}

func (c *conn) get() {
	c.once.Do(func() {
		<-c.ready
	})
}

func start() {
	c := &conn{ready: make(chan struct{})}
	for i := 0; i < 3; i++ {
		go c.get()
	}
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
