// onces_crossed: two Onces that need each other
// want: deadlock error line=16 kind=once n=2
package main

import (
	"sync"
	"time"
)

type lazy struct {
	once  sync.Once
	other *lazy
}

func (l *lazy) get() {
	l.once.Do(func() {
		time.Sleep(50 * time.Millisecond)
		l.other.get()
	})
}

func main() {
	a, b := &lazy{}, &lazy{}
	a.other, b.other = b, a
	go a.get()
	go b.get()
	for {
		time.Sleep(time.Second)
	}
}
