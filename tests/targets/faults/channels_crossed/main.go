// channels_crossed: each waits to receive before it sends
// want: deadlock error line=8 kind=chan n=2
package main

import "time"

func peer(in <-chan int, out chan<- int) {
	v := <-in
	out <- v + 1
}

func start() {
	a, b := make(chan int), make(chan int)
	go peer(a, b)
	go peer(b, a)
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
