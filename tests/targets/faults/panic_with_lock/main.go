// panic_with_lock: a panic that was recovered from keeps the lock
// want: deadlock error line=16 kind=mutex
package main

import (
	"sync"
	"time"
)

type board struct {
	mu    sync.Mutex
	cells []int
}

func (b *board) mark(i int) {
	b.mu.Lock()
	b.cells[i] = 1
	b.mu.Unlock()
}

func safely(f func()) {
	defer func() { recover() }()
	f()
}

func start() {
	b := &board{cells: make([]int, 3)}
	go safely(func() { b.mark(3) })
	time.Sleep(20 * time.Millisecond)
	go safely(func() { b.mark(2) })
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
