// ticker_stopped: it ranges over a ticker that was stopped
// want: leak warning line=10 kind=chan
package main

import "time"

func start() {
	t := time.NewTicker(10 * time.Millisecond)
	go func() {
		for range t.C {
		}
	}()
	time.Sleep(50 * time.Millisecond)
	t.Stop()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
