// waitgroup_plain: the same, Done as the last statement
// want: none
package main

import (
	"sync"
	"time"
)

func work(wg *sync.WaitGroup) {
	time.Sleep(8 * time.Second)
	wg.Done()
}

func main() {
	for {
		var wg sync.WaitGroup
		wg.Add(3)
		for i := 0; i < 3; i++ {
			go work(&wg)
		}
		wg.Wait()
	}
}
