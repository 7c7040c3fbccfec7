// unlock_forgotten_global: the same with a global lock
// want: deadlock info line=16 kind=mutex
package main

import (
	"sync"
	"time"
)

var (
	mu    sync.Mutex
	stock = 1
)

func take(n int) bool {
	mu.Lock()
	if n > stock {
		return false
	}
	stock -= n
	mu.Unlock()
	return true
}

func main() {
	go take(5)
	time.Sleep(20 * time.Millisecond)
	go take(1)
	for {
		time.Sleep(time.Second)
	}
}
