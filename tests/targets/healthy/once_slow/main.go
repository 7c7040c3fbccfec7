// once_slow: the first user takes long
// want: none
package main

import (
	"sync"
	"time"
)

type lazy struct {
	once sync.Once
	v    int
}

func (l *lazy) get() int {
	l.once.Do(func() {
		time.Sleep(8 * time.Second)
		l.v = 1
	})
	return l.v
}

func main() {
	l := new(lazy)
	for i := 0; i < 3; i++ {
		go l.get()
	}
	for {
		time.Sleep(time.Second)
	}
}
