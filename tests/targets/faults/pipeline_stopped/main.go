// pipeline_stopped: the last stage stops after the first value
// want: leak warning line=22 kind=chan
package main

import "time"

func generate(n int) <-chan int {
	out := make(chan int)
	go func() {
		for i := 0; i < n; i++ {
			out <- i
		}
		close(out)
	}()
	return out
}

func square(in <-chan int) <-chan int {
	out := make(chan int)
	go func() {
		for v := range in {
			out <- v * v
		}
		close(out)
	}()
	return out
}

func first(in <-chan int) int { return <-in }

func main() {
	first(square(generate(10)))
	for {
		time.Sleep(time.Second)
	}
}
