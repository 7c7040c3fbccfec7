// nil_made_late: the goroutine starts before the channel is made
// want: nil-channel error line=10 kind=nil
package main

import "time"

var ready chan struct{}

func wait() {
	<-ready
}

func main() {
	go wait()
	time.Sleep(50 * time.Millisecond)
	ready = make(chan struct{})
	close(ready)
	for {
		time.Sleep(time.Second)
	}
}
