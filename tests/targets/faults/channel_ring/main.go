// channel_ring: three that wait for the one before
// want: deadlock error line=8 kind=chan n=3
package main

import "time"

func stage(in <-chan int, out chan<- int) {
	for v := range in {
		out <- v
	}
}

func start() {
	a, b, c := make(chan int), make(chan int), make(chan int)
	go stage(a, b)
	go stage(b, c)
	go stage(c, a)
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
