// shutdown_in_struct: the same, in the way of a server with a done channel and goroutines to wait for
// want: none
package main

import (
	"os"
	"os/signal"
	"sync"
)

type server struct {
	done chan struct{}
	wg   sync.WaitGroup
	jobs chan int
}

func (s *server) loop() {
	defer s.wg.Done()
	for {
		select {
		case <-s.done:
			return
		case <-s.jobs:
		}
	}
}

func (s *server) wait() {
	s.wg.Wait()
}

func main() {
	s := &server{done: make(chan struct{}), jobs: make(chan int)}
	for i := 0; i < 3; i++ {
		s.wg.Add(1)
		go s.loop()
	}
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, os.Interrupt)
	go func() {
		<-sig
		close(s.done)
	}()
	s.wait()
}
