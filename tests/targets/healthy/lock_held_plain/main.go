// lock_held_plain: the same without defer, a global lock
// want: none
package main

import (
	"sync"
	"time"
)

var (
	mu sync.Mutex
	n  int
)

func build() {
	mu.Lock()
	time.Sleep(3 * time.Second)
	n++
	mu.Unlock()
}

func main() {
	for i := 0; i < 3; i++ {
		go func() {
			for {
				build()
			}
		}()
	}
	for {
		time.Sleep(time.Second)
	}
}
