// waitgroup_slow: workers that take long, Done by defer
// want: none
package main

import (
	"sync"
	"time"
)

func run() {
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			time.Sleep(8 * time.Second)
		}()
	}
	wg.Wait()
}

func main() {
	for {
		run()
	}
}
