// errgroup: the workers quit at the first error, the feeder goes on
// want: leak warning line=29 kind=chan
package main

import (
	"errors"
	"sync"
	"time"
)

type group struct {
	wg   sync.WaitGroup
	once sync.Once
	err  error
}

func (g *group) start(f func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := f(); err != nil {
			g.once.Do(func() { g.err = err })
		}
	}()
}

func feed(in chan<- int) {
	for i := 0; i < 100; i++ {
		in <- i
	}
	close(in)
}

func run() {
	in := make(chan int)
	g := new(group)
	for i := 0; i < 2; i++ {
		g.start(func() error {
			for v := range in {
				if v > 5 {
					return errors.New("too big")
				}
			}
			return nil
		})
	}
	go feed(in)
	g.wg.Wait()
}

func main() {
	run()
	for {
		time.Sleep(time.Second)
	}
}
