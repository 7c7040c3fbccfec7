// SPDX-License-Identifier: Apache-2.0

// Does what a script says and writes down what its goroutines did, one line each, in each one's own
// order: "G create CREATOR FUNC", "G block REASON FUNC", "G unblock WAKER", "G dead". It begins when a
// line comes in on stdin: "N", how many goroutines.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	mutex  sync.Mutex
	rw, rx sync.RWMutex
	cond   = sync.NewCond(&sync.Mutex{})
	out    sync.Mutex
	script []string
)

func id() int {
	var buf [64]byte
	n := runtime.Stack(buf[:], false)
	f := bytes.Fields(buf[:n])
	g, _ := strconv.Atoi(string(f[1]))
	return g
}

type worker struct {
	g          int
	recv, send chan int
	one, two   chan int
	ready      chan int
	group      sync.WaitGroup
}

// Until it stands still: nobody is ready to run or runs but who asks.
func settle() { time.Sleep(4 * time.Millisecond) }

//go:noinline
func stepRecv(w *worker) { <-w.recv }

//go:noinline
func stepSend(w *worker) { w.send <- 1 }

//go:noinline
func stepSelect(w *worker) {
	select {
	case <-w.one:
	case w.two <- 1:
	}
}

//go:noinline
func stepMutex() {
	mutex.Lock()
	mutex.Unlock()
}

//go:noinline
func stepRead() {
	rw.RLock()
	rw.RUnlock()
}

//go:noinline
func stepWrite() {
	rx.Lock()
	rx.Unlock()
}

//go:noinline
func stepGroup(w *worker) { w.group.Wait() }

//go:noinline
func stepCond() {
	cond.L.Lock()
	cond.Wait()
	cond.L.Unlock()
}

//go:noinline
func stepDeep(w *worker, n int) int {
	var room [100]byte
	if n == 0 {
		stepRecv(w)
		return int(room[0])
	}
	return stepDeep(w, n-1) + int(room[n%100])
}

func (w *worker) run() {
	w.g = id()
	w.ready <- 1
	stepRecv(w)
	stepSend(w)
	stepSelect(w)
	stepSelect(w)
	stepMutex()
	stepRead()
	stepWrite()
	stepGroup(w)
	stepCond()
	stepDeep(w, 60)
}

func say(w *worker, format string, args ...interface{}) {
	script = append(script, fmt.Sprintf("%d ", w.g)+fmt.Sprintf(format, args...))
}

func blocked(w *worker, reason, at string, free func()) {
	settle()
	say(w, "block %s main.%s", reason, at)
	free()
	say(w, "unblock %d", 1)
	settle()
}

func drive(w *worker) {
	<-w.ready
	say(w, "create 1 main.makeWorker")
	mutex.Lock()
	rw.Lock()
	rx.RLock()
	w.group.Add(1)
	blocked(w, "chan-recv", "stepRecv", func() { w.recv <- 1 })
	blocked(w, "chan-send", "stepSend", func() { <-w.send })
	blocked(w, "select", "stepSelect", func() { w.one <- 1 })
	blocked(w, "select", "stepSelect", func() { <-w.two })
	blocked(w, "mutex", "stepMutex", mutex.Unlock)
	blocked(w, "rwmutex-read", "stepRead", rw.Unlock)
	blocked(w, "rwmutex-write", "stepWrite", rx.RUnlock)
	blocked(w, "waitgroup", "stepGroup", w.group.Done)
	blocked(w, "cond", "stepCond", cond.Signal)
	blocked(w, "chan-recv", "stepRecv", func() { close(w.recv) })
	say(w, "dead")
}

//go:noinline
func makeWorker() *worker {
	w := &worker{recv: make(chan int), send: make(chan int), one: make(chan int), two: make(chan int), ready: make(chan int, 1)}
	go w.run()
	return w
}

func main() {
	fmt.Println("ready", os.Getpid())
	in := bufio.NewReader(os.Stdin)
	line, _ := in.ReadString('\n')
	n, _ := strconv.Atoi(strings.TrimSpace(line))
	for i := 0; i < n; i++ {
		w := makeWorker()
		settle()
		drive(w)
	}
	for _, s := range script {
		fmt.Println(s)
	}
	fmt.Println("end")
	in.ReadString('\n')
}
