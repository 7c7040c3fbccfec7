// hot_lock: a lock that many take, each for a moment
// want: none
package main

import (
	"sync"
	"time"
)

func main() {
	var mu sync.Mutex
	n := 0
	for i := 0; i < 8; i++ {
		go func() {
			for {
				mu.Lock()
				n++
				mu.Unlock()
				time.Sleep(100 * time.Microsecond)
			}
		}()
	}
	for {
		time.Sleep(time.Second)
	}
}
