// actor_calls_itself: an actor asks itself and waits for the answer
// want: leak warning line=19 kind=chan
package main

import "time"

type ask struct {
	n     int
	reply chan int
}

func actor(in chan ask) {
	for a := range in {
		if a.n == 0 {
			a.reply <- 1
			continue
		}
		r := make(chan int)
		in <- ask{a.n - 1, r}
		a.reply <- <-r
	}
}

func start() {
	in := make(chan ask)
	go actor(in)
	in <- ask{1, make(chan int, 1)}
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
