// buffer_full: it fills a buffer that only it would empty
// want: leak warning line=10 kind=chan
package main

import "time"

func run(n int) {
	c := make(chan int, 4)
	for i := 0; i < n; i++ {
		c <- i
	}
	for i := 0; i < n; i++ {
		<-c
	}
}

func main() {
	go run(5)
	for {
		time.Sleep(time.Second)
	}
}
