// slow_readers: a writer waits for slow readers, new ones behind it
// want: none
package main

import (
	"sync"
	"time"
)

type data struct {
	mu sync.RWMutex
	n  int
}

func (d *data) read() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	time.Sleep(1500 * time.Millisecond)
	return d.n
}

func (d *data) write() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.n++
}

func main() {
	d := new(data)
	for i := 0; i < 4; i++ {
		go func() {
			for {
				d.read()
			}
		}()
	}
	for {
		d.write()
	}
}
