// busy_loop: a loop that never yields, one processor
// want: starvation warning line=14,28
// env: GODEBUG=asyncpreemptoff=1
package main

import (
	"runtime"
	"time"
)

var stop bool

func spin() {
	for !stop {
	}
}

func main() {
	runtime.GOMAXPROCS(1)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				time.Sleep(time.Millisecond)
			}
		}()
	}
	time.Sleep(100 * time.Millisecond)
	go spin()
	for {
		time.Sleep(time.Second)
	}
}
