// trace_before FILE: goroutines that were blocked in every way before the trace began. Some go on
// during it, some never do.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

type held struct {
	mu   sync.Mutex
	rw   sync.RWMutex
	wg   sync.WaitGroup
	cond *sync.Cond
	c    chan int
	ln   net.Listener
	pipe [2]int
	quit chan struct{}
}

func newHeld() (*held, error) {
	h := &held{c: make(chan int), quit: make(chan struct{})}
	h.cond = sync.NewCond(&sync.Mutex{})
	h.mu.Lock()
	h.rw.Lock()
	h.wg.Add(1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h.ln = ln
	return h, syscall.Pipe(h.pipe[:])
}

func (h *held) start() {
	go func() { h.mu.Lock(); h.mu.Unlock() }()
	go func() { h.rw.RLock(); h.rw.RUnlock() }()
	go func() { h.rw.Lock(); h.rw.Unlock() }()
	go func() { h.wg.Wait() }()
	go func() { h.cond.L.Lock(); h.cond.Wait(); h.cond.L.Unlock() }()
	go func() { <-h.c }()
	go func() {
		select {
		case <-h.c:
		case <-h.quit:
		}
	}()
	go func() { h.ln.Accept() }()
	go func() { var b [1]byte; syscall.Read(h.pipe[0], b[:]) }()
	go func() { time.Sleep(15 * time.Millisecond) }()
	go func() { runtime.LockOSThread(); <-h.quit }()
	go func() { var c chan int; c <- 1 }()
	go func() { select {} }()
	go func() {
		for i := 0; ; i++ {
			select {
			case <-h.quit:
				return
			default:
			}
		}
	}()
}

func (h *held) release() {
	h.mu.Unlock()
	h.rw.Unlock()
	h.wg.Done()
	h.cond.Broadcast()
	h.c <- 1
	h.ln.Close()
	syscall.Write(h.pipe[1], []byte("x"))
}

func run(name string) error {
	freed, err := newHeld()
	if err != nil {
		return err
	}
	kept, err := newHeld()
	if err != nil {
		return err
	}
	freed.start()
	kept.start()
	time.Sleep(10 * time.Millisecond)
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := trace.Start(f); err != nil {
		return err
	}
	freed.release()
	close(freed.quit)
	time.Sleep(20 * time.Millisecond)
	trace.Stop()
	return f.Close()
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
