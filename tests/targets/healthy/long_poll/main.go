// long_poll: clients wait for news or an hour
// want: none
package main

import "time"

func poll(news <-chan string) string {
	select {
	case s := <-news:
		return s
	case <-time.After(time.Hour):
		return ""
	}
}

func main() {
	for i := 0; i < 8; i++ {
		go poll(make(chan string))
	}
	for {
		time.Sleep(time.Second)
	}
}
