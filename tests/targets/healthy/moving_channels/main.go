// moving_channels: what goroutines wait for is handed about in a large heap all the time
// want: none
package main

import (
	"math/rand"
	"time"
)

const slots = 1 << 19

type table struct{ slot []*holder }
type holder struct{ ch chan int }

func (t *table) move(n int) {
	for i := 0; i < n; i++ {
		a, b := rand.Intn(slots), rand.Intn(slots)
		t.slot[a], t.slot[b] = t.slot[b], t.slot[a]
	}
}

func main() {
	t := &table{make([]*holder, slots)}
	for i := 0; i < 100; i++ {
		h := &holder{make(chan int)}
		t.slot[rand.Intn(slots)] = h
		go func(ch chan int) { <-ch }(h.ch)
		h = nil
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		t.move(20000)
		time.Sleep(100 * time.Microsecond)
	}
	for _, h := range t.slot {
		if h != nil {
			h.ch <- 1
		}
	}
	time.Sleep(time.Hour)
}
