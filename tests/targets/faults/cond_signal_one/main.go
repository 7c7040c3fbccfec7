// cond_signal_one: Signal where Broadcast was meant
// want: leak warning line=19 kind=cond
package main

import (
	"sync"
	"time"
)

type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	open bool
}

func (g *gate) pass() {
	g.mu.Lock()
	for !g.open {
		g.cond.Wait()
	}
	g.mu.Unlock()
}

func start() {
	g := &gate{}
	g.cond = sync.NewCond(&g.mu)
	for i := 0; i < 3; i++ {
		go g.pass()
	}
	time.Sleep(30 * time.Millisecond)
	g.mu.Lock()
	g.open = true
	g.cond.Signal()
	g.mu.Unlock()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
