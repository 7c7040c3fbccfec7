// semaphore_not_released: two left without giving their place back
// want: leak warning line=8 kind=chan
package main

import "time"

func task(sem chan struct{}, fail bool) {
	sem <- struct{}{}
	if fail {
		return
	}
	<-sem
}

func start() {
	sem := make(chan struct{}, 2)
	go task(sem, true)
	go task(sem, true)
	time.Sleep(30 * time.Millisecond)
	go task(sem, false)
	go task(sem, false)
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
