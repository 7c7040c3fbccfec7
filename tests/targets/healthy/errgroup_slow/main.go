// errgroup_slow: a group that waits for slow tasks with a limit
// want: none
package main

import (
	"sync"
	"time"
)

type group struct {
	wg  sync.WaitGroup
	sem chan struct{}
}

func (g *group) start(f func()) {
	g.sem <- struct{}{}
	g.wg.Add(1)
	go func() {
		defer func() {
			<-g.sem
			g.wg.Done()
		}()
		f()
	}()
}

func main() {
	for {
		g := &group{sem: make(chan struct{}, 2)}
		for i := 0; i < 4; i++ {
			g.start(func() { time.Sleep(4 * time.Second) })
		}
		g.wg.Wait()
	}
}
