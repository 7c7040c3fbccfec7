// blocked is a program of which most goroutines wait, to measure looks at them on:
//
//	blocked [-n N] [-shape one|own|select|mixed] [-churn RATE]
//
// one: all receive from one channel. own: each from its own. select: each in a select of three
// channels of its own. mixed: like a server: connections that are read from, selects with the end of
// a context and a timer, jobs, mutexes that somebody holds while he waits, WaitGroups. RATE
// goroutines a second are born and wait 10 ms. It prints "ready PID" once all wait.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

type conn struct {
	mu   sync.Mutex
	jobs chan int
	done sync.WaitGroup
}

//go:noinline
func receive(c chan int) int { return <-c }

//go:noinline
func choose(a, b, c chan int) int {
	select {
	case v := <-a:
		return v
	case v := <-b:
		return v
	case c <- 1:
		return 1
	}
}

func (c *conn) work(ctx context.Context) {
	t := time.NewTimer(24 * time.Hour)
	defer t.Stop()
	select {
	case <-c.jobs:
	case <-ctx.Done():
	case <-t.C:
	}
}

func (c *conn) hold(until chan int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	<-until
}

func (c *conn) lock() {
	c.mu.Lock()
	defer c.mu.Unlock()
}

func (c *conn) wait() { c.done.Wait() }

// serve is ten goroutines of which eight wait for goroutines, and two for the network while there are descriptors.
func serve(ctx context.Context, read func() bool) {
	c := &conn{jobs: make(chan int)}
	until := make(chan int)
	c.done.Add(1)
	go c.hold(until)
	for i := 0; i < 2; i++ {
		if !read() {
			go receive(c.jobs)
		}
		go c.lock()
		go c.wait()
	}
	for i := 0; i < 3; i++ {
		go c.work(ctx)
	}
}

// reader starts goroutines that read from connections, up to a number of them.
func reader(most int) func() bool {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return func() bool { return false }
	}
	return func() bool {
		if most--; most < 0 {
			return false
		}
		out, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			most = 0
			return false
		}
		in, err := l.Accept()
		if err != nil {
			most = 0
			return false
		}
		go func() {
			var b [1]byte
			_, _ = in.Read(b[:])
			_ = out.Close()
		}()
		return true
	}
}

func births(rate int) {
	for range time.Tick(time.Second / time.Duration(rate)) {
		go time.Sleep(10 * time.Millisecond)
	}
}

func main() {
	n := flag.Int("n", 10000, "goroutines")
	shape := flag.String("shape", "mixed", "what they wait for")
	churn := flag.Int("churn", 0, "goroutines born and dying a second")
	flag.Parse()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	one, read := make(chan int), reader(400)
	for i := 0; i < *n; i++ {
		switch *shape {
		case "one":
			go receive(one)
		case "own":
			go receive(make(chan int))
		case "select":
			go choose(make(chan int), make(chan int), make(chan int))
		case "mixed":
			if i%10 == 0 {
				serve(ctx, read)
			}
		}
	}
	if *churn > 0 {
		go births(*churn)
	}
	time.Sleep(200*time.Millisecond + time.Duration(*n)*time.Microsecond)
	fmt.Println("ready", os.Getpid())
	time.Sleep(24 * time.Hour)
}
