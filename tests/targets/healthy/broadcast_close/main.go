// broadcast_close: many wait for a start that comes late
// want: none
package main

import "time"

func main() {
	start := make(chan struct{})
	for i := 0; i < 8; i++ {
		go func() {
			<-start
		}()
	}
	time.Sleep(8 * time.Second)
	close(start)
	for {
		time.Sleep(time.Second)
	}
}
