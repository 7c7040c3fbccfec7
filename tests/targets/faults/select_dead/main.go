// select_dead: a select without a live case
// want: leak warning line=9 kind=chan
package main

import "time"

func wait(data <-chan int, stop <-chan struct{}) {
	for {
		select {
		case <-data:
		case <-stop:
			return
		}
	}
}

func start() {
	data, stop := make(chan int), make(chan struct{})
	go wait(data, stop)
	data <- 1
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
