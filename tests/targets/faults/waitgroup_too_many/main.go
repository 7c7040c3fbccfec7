// waitgroup_too_many: Add of three, two workers
// want: deadlock error line=19 kind=waitgroup
package main

import (
	"sync"
	"time"
)

func run() {
	var wg sync.WaitGroup
	wg.Add(3)
	for i := 0; i < 2; i++ {
		go func() {
			defer wg.Done()
			time.Sleep(20 * time.Millisecond)
		}()
	}
	wg.Wait()
}

func main() {
	go run()
	for {
		time.Sleep(time.Second)
	}
}
