// unlock_forgotten: an early return keeps the lock
// want: deadlock error line=16 kind=mutex
package main

import (
	"sync"
	"time"
)

type inventory struct {
	mu    sync.Mutex
	stock int
}

func (i *inventory) take(n int) bool {
	i.mu.Lock()
	if n > i.stock {
		return false
	}
	i.stock -= n
	i.mu.Unlock()
	return true
}

func start() {
	i := &inventory{stock: 1}
	go func() { i.take(5) }()
	time.Sleep(20 * time.Millisecond)
	go i.take(1)
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
