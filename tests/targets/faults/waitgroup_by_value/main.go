// waitgroup_by_value: the group is copied; Done is called on the copies
// want: deadlock error line=24 kind=waitgroup
package main

import (
	"sync"
	"time"
)

type job struct {
	wg sync.WaitGroup
}

func work(j job) {
	defer j.wg.Done()
	time.Sleep(10 * time.Millisecond)
}

func run() {
	j := new(job)
	j.wg.Add(2)
	go work(*j)
	go work(*j)
	j.wg.Wait()
}

func main() {
	go run()
	for {
		time.Sleep(time.Second)
	}
}
