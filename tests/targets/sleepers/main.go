// sleepers is a quiet crowd: so many goroutines, most of which wait on channels for a word of one
// that sleeps; each wakes now and then, hands a value on, and waits again.
//
//	sleepers [-n N] [-every SECONDS]
package main

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sync"
	"time"
)

var (
	mu    sync.Mutex
	total int
)

//go:noinline
func count(n int) {
	mu.Lock()
	total += n
	mu.Unlock()
}

//go:noinline
func sleeper(c chan<- int, every time.Duration) {
	for {
		time.Sleep(every/2 + time.Duration(rand.Int63n(int64(every))))
		c <- 1
	}
}

//go:noinline
func waiter(c <-chan int) {
	for n := range c {
		count(n)
	}
}

func main() {
	n := flag.Int("n", 10000, "goroutines")
	every := flag.Float64("every", 10, "seconds between two times that one wakes")
	flag.Parse()
	for i := 0; i < *n/2; i++ {
		c := make(chan int)
		go sleeper(c, time.Duration(*every*float64(time.Second)))
		go waiter(c)
	}
	fmt.Println("ready", os.Getpid())
	select {}
}
