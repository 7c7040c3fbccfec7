// SPDX-License-Identifier: Apache-2.0

// Does what it is told on stdin, "WHAT N", exactly N times, and says "done WHAT N OBJECT" on stdout:
// create, park, select, send, recv, close, lock, wait, deep. For counting probes: one processor, no
// collections, so that nothing else happens meanwhile.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

var mutex sync.Mutex
var group sync.WaitGroup
var began int64

// Until all but the first goroutine are gone.
func settle(n int) {
	for runtime.NumGoroutine() > n {
		runtime.Gosched()
	}
}

// N goroutines that come to stand in block; then free lets them go.
func stand(n int, block, free func()) {
	before := runtime.NumGoroutine()
	began = 0
	for i := 0; i < n; i++ {
		go func() {
			atomic.AddInt64(&began, 1)
			block()
		}()
	}
	for atomic.LoadInt64(&began) < int64(n) {
		runtime.Gosched()
	}
	for i := 0; i < 10; i++ {
		runtime.Gosched()
	}
	free()
	settle(before)
}

func address(c interface{}) uintptr {
	return (*[2]uintptr)(unsafe.Pointer(&c))[1]
}

//go:noinline
func descend(n int, c chan int) byte {
	var room [200]byte
	if n == 0 {
		close(c)
		return room[1]
	}
	room[n%200] = descend(n-1, c)
	return room[0]
}

// closechan at another depth of a new stack each time, so some calls find it too small.
func deep(n int) {
	done := make(chan int, 1)
	for i := 0; i < n; i++ {
		c := make(chan int)
		go func(i int) {
			descend(i%64, c)
			done <- 1
		}(i)
		for len(done) == 0 {
			runtime.Gosched()
		}
		<-done
	}
	settle(1)
}

func perform(what string, n int) uintptr {
	c, d := make(chan int, 1), make(chan int, 1)
	switch what {
	case "create":
		for i := 0; i < n; i += 100 {
			stand(100, func() {}, func() {})
		}
	case "park":
		block := make(chan int)
		stand(n, func() { <-block }, func() { close(block) })
	case "select":
		for i := 0; i < n; i++ {
			select {
			case c <- i:
			case <-d:
			}
			<-c
		}
	case "send", "recv":
		c = make(chan int, n)
		for i := 0; i < n; i++ {
			c <- i
		}
		for i := 0; i < n; i++ {
			<-c
		}
		return address(c)
	case "close":
		for i := 0; i < n; i++ {
			c = make(chan int)
			close(c)
		}
		return address(c)
	case "lock":
		mutex.Lock()
		stand(n, func() {
			mutex.Lock()
			mutex.Unlock()
		}, mutex.Unlock)
		return uintptr(unsafe.Pointer(&mutex))
	case "wait":
		group.Add(1)
		stand(n, group.Wait, group.Done)
	case "deep":
		deep(n)
	}
	return 0
}

func main() {
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(1)
	fmt.Println("ready", os.Getpid())
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		words := strings.Fields(in.Text())
		if len(words) != 2 {
			break
		}
		n, _ := strconv.Atoi(words[1])
		object := perform(words[0], n)
		fmt.Printf("done %s %d %x\n", words[0], n, object)
	}
}
