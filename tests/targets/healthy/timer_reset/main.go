// timer_reset: a timer that is set again and again
// want: none
package main

import "time"

func main() {
	t := time.NewTimer(time.Hour)
	go func() {
		<-t.C
	}()
	for {
		time.Sleep(500 * time.Millisecond)
		t.Reset(time.Hour)
	}
}
