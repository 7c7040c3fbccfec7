// afterfunc_close: a timer closes the channel in the end
// want: none
package main

import "time"

func start() {
	done := make(chan struct{})
	time.AfterFunc(7*time.Second, func() { close(done) })
	for i := 0; i < 3; i++ {
		go func() {
			<-done
		}()
	}
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
