// cond_never_signalled: nobody is left who could signal
// want: leak warning line=20 kind=cond
package main

import (
	"sync"
	"time"
)

type queue struct {
	mu    sync.Mutex
	cond  *sync.Cond
	items []int
}

func (q *queue) take() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.cond.Wait()
	}
	return q.items[0]
}

func start() {
	q := &queue{}
	q.cond = sync.NewCond(&q.mu)
	go q.take()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
