// timer_stopped: it waits for a timer that was stopped
// want: leak warning line=10 kind=chan
package main

import "time"

func start() {
	t := time.NewTimer(time.Hour)
	go func() {
		<-t.C
	}()
	time.Sleep(20 * time.Millisecond)
	t.Stop()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
