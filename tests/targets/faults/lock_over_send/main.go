// lock_over_send: it sends with the lock that the receiver wants
// want: deadlock error line=19,25 kind=chan,mutex n=2
package main

import (
	"sync"
	"time"
)

type hub struct {
	mu  sync.Mutex
	out chan int
	n   int
}

func (h *hub) publish(v int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.out <- v
}

func (h *hub) consume() {
	time.Sleep(30 * time.Millisecond)
	for {
		h.mu.Lock()
		h.n++
		h.mu.Unlock()
		<-h.out
	}
}

func start() {
	h := &hub{out: make(chan int)}
	go h.publish(1)
	go h.consume()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
