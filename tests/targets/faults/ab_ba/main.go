// ab_ba: two transfers take the same two locks in opposite order
// want: deadlock error line=19 kind=mutex n=2
package main

import (
	"sync"
	"time"
)

type account struct {
	mu      sync.Mutex
	balance int
}

func transfer(from, to *account, n int) {
	from.mu.Lock()
	defer from.mu.Unlock()
	time.Sleep(50 * time.Millisecond)
	to.mu.Lock()
	defer to.mu.Unlock()
	from.balance -= n
	to.balance += n
}

func main() {
	a, b := &account{balance: 10}, &account{balance: 10}
	go transfer(a, b, 1)
	go transfer(b, a, 1)
	for {
		time.Sleep(time.Second)
	}
}
