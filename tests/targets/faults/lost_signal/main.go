// lost_signal: the signal came before the wait
// want: leak warning line=16 kind=cond
package main

import (
	"sync"
	"time"
)

func start() {
	mu := new(sync.Mutex)
	cond := sync.NewCond(mu)
	go func() {
		time.Sleep(50 * time.Millisecond)
		mu.Lock()
		cond.Wait()
		mu.Unlock()
	}()
	go func() {
		mu.Lock()
		cond.Signal()
		mu.Unlock()
	}()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
