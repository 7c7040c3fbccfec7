// quota_throttles: more work than the container's quota allows
// want: starvation warning line=10,17,18,19
// quota: 20000
package main

import "time"

func work(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i * i
	}
	return sum
}

func main() {
	for i := 0; i < 2; i++ {
		go func() {
			for sum := 0; ; {
				sum += work(1000)
			}
		}()
	}
	for {
		time.Sleep(time.Second)
	}
}
