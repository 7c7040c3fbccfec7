// reply_in_queue: the answer's channel lies in another channel's buffer
// want: none
package main

import "time"

type ask struct {
	n     int
	reply chan int
}

func serve(in <-chan ask) {
	for {
		time.Sleep(4 * time.Second)
		a := <-in
		a.reply <- a.n
	}
}

func main() {
	in := make(chan ask, 16)
	go serve(in)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				r := make(chan int)
				in <- ask{1, r}
				<-r
			}
		}()
	}
	for {
		time.Sleep(time.Second)
	}
}
