// grows_and_ends: goroutines come and go
// want: none
package main

import "time"

func main() {
	for {
		go func() {
			c := make(chan int)
			time.AfterFunc(time.Second, func() { close(c) })
			<-c
		}()
		time.Sleep(20 * time.Millisecond)
	}
}
