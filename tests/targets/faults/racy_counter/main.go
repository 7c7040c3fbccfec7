// racy_counter: goroutines of one literal change what it captures
// want: race info line=12,13,14,15
// env: GOMAXPROCS=2
package main

import "time"

func main() {
	hits := make([]int, 2)
	for i := 0; i < 4; i++ {
		go func() {
			for i := 0; ; i++ {
				n := &hits[i&1]
				if *n >= 0 {
					*n++
				}
			}
		}()
	}
	for {
		time.Sleep(time.Second)
	}
}
