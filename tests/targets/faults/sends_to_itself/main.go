// sends_to_itself: an unbuffered channel whose receiver is the sender
// want: leak warning line=12 kind=chan
package main

import (
	"fmt"
	"time"
)

func run() {
	c := make(chan int)
	c <- 1
	fmt.Println(<-c)
}

func main() {
	go run()
	for {
		time.Sleep(time.Second)
	}
}
