// trace_big records an execution trace of about the size asked for:
//
//	trace_big -o FILE [-size 1GB] [-parked 4000] [-limit 10m]
//
// A busy service in small: channel ping-pong among a few hundred goroutines, contended mutexes,
// short-lived goroutines, timers, some thousands parked for good, and the collector at work.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var stop int32

func stopped() bool { return atomic.LoadInt32(&stop) != 0 }

// counter counts what the tracer wrote.
type counter struct {
	w *bufio.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	atomic.AddInt64(&c.n, int64(n))
	return n, err
}

// turns lets a few of a crowd work at a time, so that the tracer's own goroutine, which has no
// precedence, keeps up with them.
type turns chan struct{}

func (t turns) take() { t <- struct{}{} }
func (t turns) give() { <-t }

const turnLen = 200

type message struct {
	hops int
	body []byte
}

func pinger(t turns, out chan<- message, in <-chan message) {
	for !stopped() {
		t.take()
		for i := 0; i < turnLen && !stopped(); i++ {
			out <- message{hops: i}
			<-in
		}
		t.give()
	}
	close(out)
}

func ponger(out chan<- message, in <-chan message) {
	for m := range in {
		m.hops++
		out <- m
	}
}

type account struct {
	mu      sync.Mutex
	balance int
}

func (a *account) deposit(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := 0; i < 200; i++ {
		a.balance += n ^ i
	}
}

func teller(t turns, accounts []*account, seed int) {
	for !stopped() {
		t.take()
		for i := seed; i < seed+turnLen && !stopped(); i++ {
			accounts[i%len(accounts)].deposit(i)
		}
		t.give()
	}
}

func handle(id int, done *sync.WaitGroup) {
	defer done.Done()
	buf := make([]byte, 512+id%4096)
	buf[0] = byte(id)
	sink.Store(message{hops: id, body: buf})
}

var sink atomic.Value

// churner starts short-lived goroutines, a handful at a time.
func churner() {
	for !stopped() {
		var wg sync.WaitGroup
		for i := 0; i < 8; i++ {
			wg.Add(1)
			go handle(i*977, &wg)
		}
		wg.Wait()
		time.Sleep(200 * time.Microsecond)
	}
}

func selector(a, b <-chan message, quit <-chan struct{}) {
	for {
		select {
		case <-a:
		case <-b:
		case <-quit:
			return
		case <-time.After(time.Second):
		}
	}
}

func feeder(t turns, a, b chan<- message) {
	for !stopped() {
		t.take()
		for i := 0; i < turnLen && !stopped(); i++ {
			c := a
			if i%3 == 0 {
				c = b
			}
			select {
			case c <- message{hops: i}:
			case <-time.After(50 * time.Millisecond):
			}
		}
		t.give()
	}
}

func park(ready *sync.WaitGroup, c <-chan struct{}) {
	ready.Done()
	<-c
}

func startParked(n int, quit chan struct{}) {
	var ready sync.WaitGroup
	ready.Add(n)
	for i := 0; i < n; i++ {
		go park(&ready, quit)
	}
	ready.Wait()
}

func startWork(quit chan struct{}) {
	pings, tells, feeds := make(turns, 4), make(turns, 4), make(turns, 2)
	for i := 0; i < 120; i++ {
		a, b := make(chan message), make(chan message, i%3)
		go pinger(pings, a, b)
		go ponger(b, a)
	}
	accounts := []*account{{}, {}, {}}
	for i := 0; i < 24; i++ {
		go teller(tells, accounts, i)
	}
	for i := 0; i < 8; i++ {
		go churner()
	}
	for i := 0; i < 16; i++ {
		a, b := make(chan message), make(chan message)
		go selector(a, b, quit)
		go feeder(feeds, a, b)
	}
}

func parseSize(s string) (int64, error) {
	units := []struct {
		suffix string
		factor float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1}, {"", 1}}
	for _, u := range units {
		if num := strings.TrimSuffix(strings.ToUpper(s), u.suffix); num != strings.ToUpper(s) || u.suffix == "" {
			v, err := strconv.ParseFloat(num, 64)
			return int64(v * u.factor), err
		}
	}
	return 0, nil
}

func run() error {
	out := flag.String("o", "big.trace", "the trace's `file`")
	sizeText := flag.String("size", "1GB", "stop at this size (KB, MB, GB are powers of ten)")
	parked := flag.Int("parked", 4000, "goroutines that wait all along")
	limit := flag.Duration("limit", 10*time.Minute, "stop after this time, whatever the size")
	flag.Parse()
	size, err := parseSize(*sizeText)
	if err != nil {
		return err
	}
	f, err := os.Create(*out)
	if err != nil {
		return err
	}
	c := &counter{w: bufio.NewWriterSize(f, 4<<20)}

	quit := make(chan struct{})
	startParked(*parked, quit)
	if err := trace.Start(c); err != nil {
		return err
	}
	startWork(quit)
	for deadline := time.Now().Add(*limit); atomic.LoadInt64(&c.n) < size && time.Now().Before(deadline); {
		time.Sleep(2 * time.Millisecond)
	}
	atomic.StoreInt32(&stop, 1)
	trace.Stop()
	close(quit)
	if err := c.w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "trace_big:", err)
		os.Exit(1)
	}
}
