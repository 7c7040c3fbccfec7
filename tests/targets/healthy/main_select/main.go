// main_select: main waits for ever, others work
// want: none
package main

import "time"

func main() {
	go func() {
		for {
			time.Sleep(100 * time.Millisecond)
		}
	}()
	select {}
}
