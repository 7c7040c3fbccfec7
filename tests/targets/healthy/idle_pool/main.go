// idle_pool: workers wait for jobs
// want: none
package main

import "time"

func worker(jobs <-chan int) {
	for j := range jobs {
		_ = j
	}
}

func main() {
	jobs := make(chan int)
	for i := 0; i < 4; i++ {
		go worker(jobs)
	}
	for i := 0; ; i++ {
		time.Sleep(6 * time.Second)
		jobs <- i
	}
}
