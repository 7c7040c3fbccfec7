// double_lock_defer: a method that locks calls another one that does, through an interface
// want: deadlock error line=18 kind=mutex
package main

import (
	"sync"
	"time"
)

type store struct {
	mu   sync.Mutex
	data map[string]string
}

type getter interface{ get(k string) string }

func (s *store) get(k string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[k]
}

func (s *store) copyKey(g getter, from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[to] = g.get(from)
}

func main() {
	s := &store{data: map[string]string{"a": "1"}}
	go s.copyKey(s, "a", "b")
	for {
		time.Sleep(time.Second)
	}
}
