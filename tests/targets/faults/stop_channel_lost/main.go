// stop_channel_lost: nobody kept the channel that ends it
// want: leak warning line=12 kind=chan
package main

import "time"

type service struct {
	stop chan struct{}
}

func (s *service) run() {
	<-s.stop
}

func start() {
	s := &service{stop: make(chan struct{})}
	go s.run()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
