// once_reentered: the function given to Once.Do calls Do
// want: deadlock error line=16 kind=once
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
	l.once.Do(l.init)
	return l.v
}

func (l *lazy) init() {
	l.v = l.get() + 1
}

func main() {
	go new(lazy).get()
	for {
		time.Sleep(time.Second)
	}
}
