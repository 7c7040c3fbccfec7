// semaphore: more tasks than places
// want: none
package main

import "time"

func task(sem chan struct{}) {
	for {
		sem <- struct{}{}
		time.Sleep(2500 * time.Millisecond)
		<-sem
	}
}

func main() {
	sem := make(chan struct{}, 2)
	for i := 0; i < 5; i++ {
		go task(sem)
	}
	for {
		time.Sleep(time.Second)
	}
}
