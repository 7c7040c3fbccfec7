// waitgroup_add_after_wait: a worker adds one more while somebody waits, and nobody does that
// want: deadlock error line=23 kind=waitgroup
package main

import (
	"sync"
	"time"
)

func split(wg *sync.WaitGroup, depth int) {
	time.Sleep(30 * time.Millisecond)
	wg.Add(1)
	if depth > 1 {
		go split(wg, depth-1)
	}
	wg.Done()
}

func run() {
	wg := new(sync.WaitGroup)
	wg.Add(1)
	go split(wg, 1)
	wg.Wait()
}

func main() {
	go run()
	for {
		time.Sleep(time.Second)
	}
}
