// tickers: each waits for its next tick
// want: none
package main

import "time"

func main() {
	for i := 1; i < 6; i++ {
		go func(n int) {
			for range time.NewTicker(time.Duration(n) * time.Second).C {
			}
		}(i)
	}
	for range time.Tick(time.Hour) {
	}
}
