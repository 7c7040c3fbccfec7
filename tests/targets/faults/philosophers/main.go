// philosophers: five philosophers, each with one fork
// want: deadlock error line=14 kind=mutex n=5
package main

import (
	"sync"
	"time"
)

func dine(left, right *sync.Mutex, wg *sync.WaitGroup) {
	left.Lock()
	wg.Done()
	wg.Wait()
	right.Lock()
	right.Unlock()
	left.Unlock()
}

func main() {
	var fork [5]sync.Mutex
	var wg sync.WaitGroup
	wg.Add(5)
	for i := 0; i < 5; i++ {
		go dine(&fork[i], &fork[(i+1)%5], &wg)
	}
	for {
		time.Sleep(time.Second)
	}
}
