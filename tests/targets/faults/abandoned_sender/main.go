// abandoned_sender: who asked has left by its timeout
// want: leak warning line=15 kind=chan
package main

import "time"

func slow() int {
	time.Sleep(100 * time.Millisecond)
	return 42
}

func query() (int, bool) {
	result := make(chan int)
	go func() {
		result <- slow()
	}()
	select {
	case v := <-result:
		return v, true
	case <-time.After(20 * time.Millisecond):
		return 0, false
	}
}

func main() {
	query()
	for {
		time.Sleep(time.Second)
	}
}
