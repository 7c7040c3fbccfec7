// waitgroups_crossed: each waits for the other's group
// want: deadlock error line=12 kind=waitgroup n=2
package main

import (
	"sync"
	"time"
)

func stage(mine, others *sync.WaitGroup) {
	defer mine.Done()
	others.Wait()
}

func main() {
	a, b := new(sync.WaitGroup), new(sync.WaitGroup)
	a.Add(1)
	b.Add(1)
	go stage(a, b)
	go stage(b, a)
	for {
		time.Sleep(time.Second)
	}
}
