// slow_pipeline: three stages, the last one slow
// want: none
package main

import "time"

func stage(in <-chan int, out chan<- int, d time.Duration) {
	for v := range in {
		time.Sleep(d)
		out <- v
	}
	close(out)
}

func main() {
	a, b, c := make(chan int), make(chan int), make(chan int)
	go stage(a, b, time.Millisecond)
	go stage(b, c, 3*time.Second)
	go func() {
		for range c {
		}
	}()
	for i := 0; ; i++ {
		a <- i
	}
}
