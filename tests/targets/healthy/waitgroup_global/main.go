// waitgroup_global: a global group
// want: none
package main

import (
	"sync"
	"time"
)

var wg sync.WaitGroup

func work() {
	time.Sleep(8 * time.Second)
	wg.Done()
}

func main() {
	for {
		wg.Add(3)
		for i := 0; i < 3; i++ {
			go work()
		}
		wg.Wait()
	}
}
