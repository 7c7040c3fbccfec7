// deep: the other end is five pointers away
// want: none
package main

import "time"

type link struct {
	next *link
	c    chan int
}

func main() {
	c := make(chan int)
	l := &link{c: c}
	for i := 0; i < 5; i++ {
		l = &link{next: l}
	}
	go func() {
		for range c {
		}
	}()
	for {
		time.Sleep(6 * time.Second)
		x := l
		for x.next != nil {
			x = x.next
		}
		x.c <- 1
	}
}
