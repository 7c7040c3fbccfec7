// range_never_closed: workers range over a channel that the producer does not close
// want: leak warning line=8 kind=chan n=3
package main

import "time"

func worker(jobs <-chan int) {
	for j := range jobs {
		_ = j
	}
}

func start() {
	jobs := make(chan int)
	for i := 0; i < 3; i++ {
		go worker(jobs)
	}
	for i := 0; i < 10; i++ {
		jobs <- i
	}
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
