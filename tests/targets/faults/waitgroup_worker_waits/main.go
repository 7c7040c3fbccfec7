// waitgroup_worker_waits: a worker waits for the group it is one of
// want: deadlock error line=12 kind=waitgroup
package main

import (
	"sync"
	"time"
)

func worker(wg *sync.WaitGroup) {
	defer wg.Done()
	wg.Wait()
}

func main() {
	wg := new(sync.WaitGroup)
	wg.Add(1)
	go worker(wg)
	for {
		time.Sleep(time.Second)
	}
}
