// ab_ba_global: the same of global locks, without defer
// want: deadlock error line=18,27 kind=mutex n=2
package main

import (
	"sync"
	"time"
)

var (
	muA, muB sync.Mutex
	total    int
)

func first() {
	muA.Lock()
	time.Sleep(50 * time.Millisecond)
	muB.Lock()
	total++
	muB.Unlock()
	muA.Unlock()
}

func second() {
	muB.Lock()
	time.Sleep(50 * time.Millisecond)
	muA.Lock()
	total--
	muA.Unlock()
	muB.Unlock()
}

func main() {
	go first()
	go second()
	for {
		time.Sleep(time.Second)
	}
}
