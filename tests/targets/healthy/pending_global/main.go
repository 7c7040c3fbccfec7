// pending_global: the same in a sync.Map that is a global
// want: none
package main

import (
	"sync"
	"time"
)

var pending sync.Map

func call(k int) int {
	r := make(chan int, 1)
	pending.Store(k, r)
	return <-r
}

func main() {
	for i := 0; i < 4; i++ {
		go func(k int) {
			for {
				call(k)
			}
		}(i)
	}
	for {
		time.Sleep(6 * time.Second)
		pending.Range(func(k, r interface{}) bool {
			r.(chan int) <- 1
			return true
		})
	}
}
