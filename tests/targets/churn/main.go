// churn never rests and never grows: what a long session has to bear.
//
//	churn [-rate N] [-parked N]
//
// Goroutines are born and die N times a second, locks are fought over, channels filled and drained,
// pairs lock each other out for a while, receivers are forgotten and closed later, stacks grow, move
// and shrink, connections come and go, and the collector runs. It prints "ready PID" once all of it goes on.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var sink int64

func pause(most time.Duration) { time.Sleep(time.Duration(rand.Int63n(int64(most)))) }

// mayfly ends at once, or after a moment, or when another one has.
func mayfly(n int) {
	switch n % 5 {
	case 0:
	case 1:
		pause(5 * time.Millisecond)
	case 2:
		c := make(chan int)
		go func() { c <- n }()
		<-c
	case 3:
		runtime.Gosched()
	case 4:
		labels := pprof.Labels("kind", [...]string{"small", "large", "odd"}[n%3], "path", "/mayfly")
		pprof.Do(context.Background(), labels, func(context.Context) { pause(2 * time.Millisecond) })
	}
}

func births(rate int) {
	const perSecond = 200
	n := 0
	for range time.Tick(time.Second / perSecond) {
		for i := 0; i < rate/perSecond; i++ {
			n++
			go mayfly(n)
		}
	}
}

// account is locked while money moves; some only read it.
type account struct {
	mu    sync.RWMutex
	cents int
}

func (a *account) earn() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cents++
	pause(3 * time.Millisecond)
}

func (a *account) read() int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	pause(time.Millisecond)
	return a.cents
}

func contend(accounts []account, writer bool) {
	for {
		a := &accounts[rand.Intn(len(accounts))]
		if writer {
			a.earn()
		} else {
			atomic.AddInt64(&sink, int64(a.read()))
		}
		pause(10 * time.Millisecond)
	}
}

func produce(out chan<- int, stop <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case out <- i:
		case <-stop:
			return
		}
		pause(2 * time.Millisecond)
	}
}

func consume(in <-chan int, done *sync.WaitGroup) {
	defer done.Done()
	for v := range in {
		atomic.AddInt64(&sink, int64(v))
		pause(4 * time.Millisecond)
	}
}

// pipelines are built, run for a second or two, and taken down.
func pipelines() {
	for {
		c, stop := make(chan int, rand.Intn(4)), make(chan struct{})
		var makers, takers sync.WaitGroup
		for i := 0; i < 3; i++ {
			makers.Add(1)
			go func() { defer makers.Done(); produce(c, stop) }()
		}
		for i := 0; i < 2; i++ {
			takers.Add(1)
			go consume(c, &takers)
		}
		pause(3 * time.Second)
		close(stop)
		makers.Wait()
		close(c)
		takers.Wait()
	}
}

// lockBoth locks one and, once the other has done likewise, wants the second. unlock: not of its own.
func lockBoth(first, second *sync.Mutex, met, done *sync.WaitGroup, unlock bool) {
	defer done.Done()
	first.Lock()
	met.Done()
	met.Wait()
	second.Lock()
	second.Unlock()
	if unlock {
		first.Unlock()
	}
}

// deadlocks come, two goroutines that each hold what the other wants, and go: a third unlocks one lock.
func deadlocks() {
	for {
		var a, b sync.Mutex
		var met, done sync.WaitGroup
		met.Add(2)
		done.Add(2)
		go lockBoth(&a, &b, &met, &done, false)
		go lockBoth(&b, &a, &met, &done, true)
		met.Wait()
		pause(8 * time.Second)
		a.Unlock()
		done.Wait()
		pause(2 * time.Second)
	}
}

// forgotten receivers look like a leak for some seconds; then they are closed.
func forgotten() {
	for {
		c := make(chan int)
		for i := 0; i < 50; i++ {
			go func() {
				for range c {
				}
			}()
		}
		pause(5 * time.Second)
		close(c)
	}
}

// deep moves its stack: x is looked at through a pointer from above while it grows.
//
//go:noinline
func deep(n int, x *int, c chan *int) {
	var room [128]byte
	room[n%128] = byte(n)
	y := *x + int(room[0])
	if n > 0 {
		deep(n-1, &y, c)
		return
	}
	select {
	case c <- x:
	case <-time.After(time.Duration(rand.Intn(50)) * time.Millisecond):
	}
}

func stacks() {
	c := make(chan *int, 1)
	for {
		x := 1
		for i := 0; i < 4; i++ {
			go deep(10*(1+rand.Intn(20)), &x, c)
		}
		select {
		case <-c:
		case <-time.After(20 * time.Millisecond):
		}
		pause(50 * time.Millisecond)
	}
}

func park(n int, c <-chan int) int {
	if n == 0 {
		return <-c
	}
	return park(n-1, c) + 1
}

func echo(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		go func() { defer conn.Close(); io.Copy(conn, conn) }()
	}
}

func dial(addr string) {
	buf := make([]byte, 16)
	for {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			pause(time.Second)
			continue
		}
		for i := 0; i < 10; i++ {
			conn.Write([]byte("hello"))
			conn.Read(buf)
			pause(50 * time.Millisecond)
		}
		conn.Close()
	}
}

func await(mu *sync.Mutex, c *sync.Cond) {
	for {
		mu.Lock()
		c.Wait()
		mu.Unlock()
	}
}

func signals() {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	for i := 0; i < 5; i++ {
		go await(&mu, c)
	}
	for range time.Tick(70 * time.Millisecond) {
		if rand.Intn(8) == 0 {
			c.Broadcast()
		} else {
			c.Signal()
		}
	}
}

func busy() {
	var r [2]int
	syscall.Pipe(r[:])
	go func() {
		for b := make([]byte, 1); ; {
			syscall.Read(r[0], b)
		}
	}()
	for i := 0; ; i++ {
		for k := 0; k < 100000; k++ {
			atomic.AddInt64(&sink, int64(k))
		}
		if i%100 == 0 {
			runtime.GC()
		}
		syscall.Write(r[1], []byte{0})
		pause(50 * time.Millisecond)
	}
}

func main() {
	rate := flag.Int("rate", 3000, "goroutines that are born, a second")
	parked := flag.Int("parked", 200, "goroutines that wait all along")
	flag.Parse()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	accounts := make([]account, 3)
	for i := 0; i < *parked; i++ {
		go park(i%20, make(chan int))
	}
	for i := 0; i < 12; i++ {
		go contend(accounts, i%3 == 0)
	}
	for i := 0; i < 3; i++ {
		go dial(ln.Addr().String())
		go pipelines()
		go deadlocks()
	}
	for _, f := range []func(){forgotten, stacks, signals, busy} {
		go f()
	}
	go echo(ln)
	go births(*rate)
	fmt.Println("ready", os.Getpid())
	select {}
}
