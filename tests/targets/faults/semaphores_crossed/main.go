// semaphores_crossed: two channels used as locks, in opposite order
// want: deadlock error line=10 kind=chan n=2
package main

import "time"

func both(first, second chan struct{}) {
	first <- struct{}{}
	time.Sleep(50 * time.Millisecond)
	second <- struct{}{}
	<-second
	<-first
}

func main() {
	a, b := make(chan struct{}, 1), make(chan struct{}, 1)
	go both(a, b)
	go both(b, a)
	for {
		time.Sleep(time.Second)
	}
}
