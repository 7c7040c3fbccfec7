// single_flight: many wait for the one who does it
// want: none
package main

import (
	"sync"
	"time"
)

type call struct {
	wg  sync.WaitGroup
	val int
}

type flight struct {
	mu sync.Mutex
	m  map[string]*call
}

func (f *flight) do(k string) int {
	f.mu.Lock()
	if c, ok := f.m[k]; ok {
		f.mu.Unlock()
		c.wg.Wait()
		return c.val
	}
	c := new(call)
	c.wg.Add(1)
	f.m[k] = c
	f.mu.Unlock()
	time.Sleep(6 * time.Second)
	c.val = 1
	c.wg.Done()
	f.mu.Lock()
	delete(f.m, k)
	f.mu.Unlock()
	return c.val
}

func main() {
	f := &flight{m: map[string]*call{}}
	for i := 0; i < 5; i++ {
		go func() {
			for {
				f.do("k")
			}
		}()
	}
	for {
		time.Sleep(time.Second)
	}
}
