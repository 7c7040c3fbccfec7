// kernel is a program for what the kernel tells of goroutines: each function work… runs in one
// goroutine of its own, which prints "g FUNCTION GOID" before "ready PID".
//
//	workSpin      counts             workCalls   makes system calls
//	workDeep      calls deep, so its stack grows and moves
//	workAlloc     makes garbage      workLocked  counts, locked to its thread
//	workPing/Pong hand a value to and fro
//	workRead      reads a pipe, to which something is written each -every ms
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var (
	started sync.WaitGroup
	sink    []byte
	sum     int
)

func goid() int {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	id, _ := strconv.Atoi(string(bytes.Fields(buf)[1]))
	return id
}

func begin(name string) {
	fmt.Printf("g main.%s %d\n", name, goid())
	started.Done()
}

//go:noinline
func leaf(n int) int { return n*n + 1 }

//go:noinline
func middle(n int) int {
	s := 0
	for i := 0; i < 1000; i++ {
		s += leaf(n + i)
	}
	return s
}

func workSpin() {
	begin("workSpin")
	for {
		sum += middle(1)
	}
}

//go:noinline
func deep(n int) int {
	var pad [128]byte
	if n == 0 {
		return int(pad[n])
	}
	return deep(n-1) + int(pad[n%128]) + 1
}

func workDeep() {
	begin("workDeep")
	for n := 0; ; n++ {
		sum += deep(n % 100)
		if n%1000 == 0 { // a new stack, that grows from the start
			c := make(chan int)
			go func() { c <- deep(50) }()
			<-c
		}
	}
}

func workAlloc() {
	begin("workAlloc")
	for {
		sink = make([]byte, 10000)
	}
}

func workLocked() {
	runtime.LockOSThread()
	begin("workLocked")
	for {
		sum += middle(2)
	}
}

func workCalls() {
	begin("workCalls")
	for n := 0; ; n++ {
		syscall.Getppid()
		if n%1000 == 0 { // between system calls it can hardly be stopped
			runtime.Gosched()
		}
	}
}

func workPing(out, in chan int) {
	begin("workPing")
	for {
		out <- 1
		<-in
	}
}

func workPong(out, in chan int) {
	begin("workPong")
	for {
		out <- <-in
	}
}

func workRead(fd int) {
	begin("workRead")
	b := make([]byte, 1)
	for {
		_, _ = syscall.Read(fd, b)
	}
}

func main() {
	every := flag.Int("every", 50, "ms from one write to the next")
	quiet := flag.Bool("quiet", false, "only workRead")
	flag.Parse()
	pipe := make([]int, 2)
	if syscall.Pipe(pipe) != nil {
		os.Exit(1)
	}
	a, b := make(chan int), make(chan int)
	started.Add(1)
	go workRead(pipe[0])
	if !*quiet {
		started.Add(7)
		go workSpin()
		go workDeep()
		go workAlloc()
		go workLocked()
		go workCalls()
		go workPing(a, b)
		go workPong(b, a)
	}
	started.Wait()
	fmt.Println("ready", os.Getpid())
	for {
		time.Sleep(time.Duration(*every) * time.Millisecond)
		_, _ = syscall.Write(pipe[1], []byte{1})
	}
}
