// afterfunc_unlock: a timer unlocks in the end what a goroutine locked twice
// want: none
package main

import (
	"sync"
	"time"
)

func start() {
	mu := new(sync.Mutex)
	time.AfterFunc(7*time.Second, func() { mu.Unlock() })
	go func() {
		mu.Lock()
	}()
	time.Sleep(20 * time.Millisecond)
	go func() {
		mu.Lock()
		mu.Unlock()
	}()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
