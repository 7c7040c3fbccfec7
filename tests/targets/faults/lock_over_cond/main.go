// lock_over_cond: who would signal wants a lock that the waiter holds
// want: deadlock error line=21,28 kind=cond,mutex n=2
package main

import (
	"sync"
	"time"
)

type box struct {
	outer, inner sync.Mutex
	cond         *sync.Cond
	full         bool
}

func (b *box) get() {
	b.outer.Lock()
	defer b.outer.Unlock()
	b.inner.Lock()
	for !b.full {
		b.cond.Wait()
	}
	b.inner.Unlock()
}

func (b *box) put() {
	time.Sleep(30 * time.Millisecond)
	b.outer.Lock()
	defer b.outer.Unlock()
	b.inner.Lock()
	b.full = true
	b.cond.Signal()
	b.inner.Unlock()
}

func start() {
	b := new(box)
	b.cond = sync.NewCond(&b.inner)
	go b.get()
	go b.put()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
