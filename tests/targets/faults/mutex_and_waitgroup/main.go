// mutex_and_waitgroup: it holds the lock that its workers want before Done
// want: deadlock error line=17,30 kind=waitgroup,mutex
package main

import (
	"sync"
	"time"
)

type set struct {
	mu sync.Mutex
	n  int
}

func (s *set) add(wg *sync.WaitGroup) {
	defer wg.Done()
	s.mu.Lock()
	s.n++
	s.mu.Unlock()
}

func (s *set) fill() {
	var wg sync.WaitGroup
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go s.add(&wg)
	}
	wg.Wait()
}

func main() {
	go new(set).fill()
	for {
		time.Sleep(time.Second)
	}
}
