// shutdown_stuck: it waits for workers whose results it should read
// want: deadlock error line=17,20 kind=chan,waitgroup
package main

import (
	"sync"
	"time"
)

func run(n int) {
	results := make(chan int)
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func(v int) {
			defer wg.Done()
			results <- v
		}(i)
	}
	wg.Wait()
	for i := 0; i < n; i++ {
		<-results
	}
}

func main() {
	go run(3)
	for {
		time.Sleep(time.Second)
	}
}
