// closure: only a function kept in a struct reaches the channel
// want: none
package main

import "time"

type hooks struct {
	close []func()
}

func (h *hooks) watch() {
	c := make(chan struct{})
	h.close = append(h.close, func() { close(c) })
	go func() {
		<-c
	}()
}

func main() {
	h := new(hooks)
	for i := 0; i < 3; i++ {
		h.watch()
	}
	time.Sleep(9 * time.Second)
	for _, f := range h.close {
		f()
	}
	for {
		time.Sleep(time.Second)
	}
}
