// ping_pong: two that hand a token to and fro
// want: none
package main

import "time"

func main() {
	a, b := make(chan int), make(chan int)
	go func() {
		for v := range a {
			b <- v + 1
		}
	}()
	for v := 0; ; {
		a <- v
		v = <-b
		time.Sleep(50 * time.Microsecond)
	}
}
