// three_way: three locks, three goroutines, a ring
// want: deadlock error line=20 kind=mutex n=3
package main

import (
	"sync"
	"time"
)

type node struct {
	mu   sync.Mutex
	next *node
	n    int
}

func (x *node) push() {
	x.mu.Lock()
	defer x.mu.Unlock()
	time.Sleep(50 * time.Millisecond)
	x.next.mu.Lock()
	x.next.n += x.n
	x.next.mu.Unlock()
}

func main() {
	a, b, c := &node{}, &node{}, &node{}
	a.next, b.next, c.next = b, c, a
	go a.push()
	go b.push()
	go c.push()
	for {
		time.Sleep(time.Second)
	}
}
