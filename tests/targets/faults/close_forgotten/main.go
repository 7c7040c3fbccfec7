// close_forgotten: the merged channel is never closed
// want: leak warning line=14 kind=chan
package main

import "time"

func source(n int, out chan<- int) {
	for i := 0; i < n; i++ {
		out <- i
	}
}

func collect(in <-chan int) (sum int) {
	for v := range in {
		sum += v
	}
	return sum
}

func start() {
	merged := make(chan int, 4)
	go source(5, merged)
	go source(7, merged)
	go collect(merged)
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
