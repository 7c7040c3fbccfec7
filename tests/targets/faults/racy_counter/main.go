// racy_counter: goroutines of one literal change what it captures
// want: race info line=12
package main

import "time"

func main() {
	var hits int
	for i := 0; i < 4; i++ {
		go func() {
			for {
				hits++
			}
		}()
	}
	for {
		time.Sleep(time.Second)
	}
}
