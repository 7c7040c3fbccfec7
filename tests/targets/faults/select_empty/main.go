// select_empty: an endless goroutine that is not main
// want: nil-channel warning line=8
package main

import "time"

func background() {
	select {}
}

func main() {
	go background()
	for {
		time.Sleep(time.Second)
	}
}
