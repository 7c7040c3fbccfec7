// idle_pool_global: the same, the channel a global
// want: none
package main

import "time"

var jobs = make(chan int)

func worker() {
	for range jobs {
	}
}

func main() {
	for i := 0; i < 4; i++ {
		go worker()
	}
	for {
		time.Sleep(6 * time.Second)
		jobs <- 1
	}
}
