// waitgroup_never_done: one worker of two returns without Done
// want: deadlock error line=24 kind=waitgroup
package main

import (
	"sync"
	"time"
)

func work(i int, wg *sync.WaitGroup) {
	if i == 1 {
		return
	}
	time.Sleep(20 * time.Millisecond)
	wg.Done()
}

func run() {
	var wg sync.WaitGroup
	wg.Add(2)
	for i := 0; i < 2; i++ {
		go work(i, &wg)
	}
	wg.Wait()
}

func main() {
	go run()
	for {
		time.Sleep(time.Second)
	}
}
