// barrier: a barrier for four, three came
// want: leak warning line=24 kind=cond n=3
package main

import (
	"sync"
	"time"
)

type barrier struct {
	mu      sync.Mutex
	cond    *sync.Cond
	n, need int
}

func (b *barrier) wait() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	if b.n == b.need {
		b.cond.Broadcast()
	}
	for b.n < b.need {
		b.cond.Wait()
	}
}

func start() {
	b := &barrier{need: 4}
	b.cond = sync.NewCond(&b.mu)
	for i := 0; i < 3; i++ {
		go b.wait()
	}
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
