// load is a program to measure on:
//
//	load [-parked N] [-depth D] [-pingpong PAIRS] [-spin N] [-churn RATE] [-grow RATE] [-clock] [-procs P] [-report MS]
//
// -exec PROGRAM: executes that program, with the arguments that follow, on SIGUSR1.
//
// N goroutines parked D calls deep, pairs that hand a value to and fro, loops that only count,
// goroutines that are born and die RATE times a second, goroutines that are born and stay, and
// always a ticker of 1 ms, or a loop that does nothing but read the clock. It prints "ready PID" and then, each -report ms, one line of numbers:
//
//	t_ms pingpong_ops spin_ops created max_gap_us cpu_ms
//
// all of them since the line before; max_gap_us is the ticker's, or the loop's: the longest time between two
// looks at the clock. cpu_ms is the processor time of the whole process.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

var (
	pings, spins, created, gap int64
	sink                       int64
)

//go:noinline
func park(depth int, c chan int) int {
	if depth <= 1 {
		return <-c
	}
	return park(depth-1, c) + 1
}

func ping(out, in chan int) {
	for n := 0; ; n++ {
		out <- n
		<-in
		atomic.AddInt64(&pings, 1)
	}
}

func pong(out, in chan int) {
	for {
		out <- <-in
	}
}

func loop() {
	for {
		x := int64(0)
		for i := int64(0); i < 10000; i++ {
			x += i * i
		}
		atomic.StoreInt64(&sink, x)
		atomic.AddInt64(&spins, 1)
	}
}

// mayfly lives for as long as its number says: some end at once, some wait.
func mayfly(n int64) {
	switch n % 4 {
	case 0:
	case 1:
		time.Sleep(time.Millisecond)
	case 2:
		c := make(chan int64)
		go func() { c <- n }()
		atomic.AddInt64(&created, 1)
		<-c
	case 3:
		runtime.Gosched()
	}
}

func births(rate int64, body func(n int64)) {
	began := time.Now()
	for done := int64(0); ; {
		due := int64(time.Since(began).Seconds() * float64(rate))
		for ; done < due; done++ {
			go body(done)
			atomic.AddInt64(&created, 1)
		}
		time.Sleep(time.Millisecond)
	}
}

func tick() {
	t := time.NewTicker(time.Millisecond)
	last := time.Now()
	for range t.C {
		now := time.Now()
		if d := now.Sub(last).Microseconds(); d > atomic.LoadInt64(&gap) {
			atomic.StoreInt64(&gap, d)
		}
		last = now
	}
}

// clock sees whatever keeps it from running.
func clock() {
	last := time.Now()
	for {
		now := time.Now()
		if d := now.Sub(last).Microseconds(); d > atomic.LoadInt64(&gap) {
			atomic.StoreInt64(&gap, d)
		}
		last = now
	}
}

func cpu() int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return (u.Utime.Nano() + u.Stime.Nano()) / 1e6
}

func report(every time.Duration) {
	last, used := time.Now(), cpu()
	for {
		time.Sleep(every)
		now, c := time.Now(), cpu()
		fmt.Println(now.Sub(last).Milliseconds(), atomic.SwapInt64(&pings, 0), atomic.SwapInt64(&spins, 0),
			atomic.SwapInt64(&created, 0), atomic.SwapInt64(&gap, 0), c-used)
		last, used = now, c
	}
}

func execOnSignal(path string) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	<-c
	fmt.Fprintln(os.Stderr, syscall.Exec(path, append([]string{path}, flag.Args()...), os.Environ()))
}

func main() {
	parked := flag.Int("parked", 0, "goroutines that wait for ever")
	depth := flag.Int("depth", 4, "calls deep that they wait")
	pairs := flag.Int("pingpong", 0, "pairs that hand a value to and fro")
	spin := flag.Int("spin", 0, "loops that only count")
	churn := flag.Int64("churn", 0, "goroutines born and dying a second")
	grow := flag.Int64("grow", 0, "goroutines born a second that stay")
	procs := flag.Int("procs", 0, "GOMAXPROCS")
	clocked := flag.Bool("clock", false, "a loop that reads the clock, in the ticker's place")
	every := flag.Int("report", 1000, "ms between lines")
	exec := flag.String("exec", "", "program to execute on SIGUSR1")
	flag.Parse()
	if *exec != "" {
		go execOnSignal(*exec)
	}
	if *procs > 0 {
		runtime.GOMAXPROCS(*procs)
	}
	never := make(chan int)
	for i := 0; i < *parked; i++ {
		go park(*depth, never)
	}
	for i := 0; i < *pairs; i++ {
		a, b := make(chan int), make(chan int)
		go ping(a, b)
		go pong(b, a)
	}
	if *churn > 0 {
		go births(*churn, mayfly)
	}
	if *grow > 0 {
		go births(*grow, func(int64) { park(*depth, never) })
	}
	for i := 0; i < *spin; i++ {
		go loop()
	}
	if *clocked {
		go clock()
	} else {
		go tick()
	}
	fmt.Println("ready", os.Getpid())
	report(time.Duration(*every) * time.Millisecond)
}
