// waits holds one goroutine in each kind of wait:
//
//	waits [-busy N] [-gc] DUMP
//
// It prints "ready PID" once all of them wait. On SIGUSR1 it writes what runtime.Stack says of all
// goroutines to DUMP.new and renames that to DUMP. -busy N adds N goroutines that never stop.
// The name of the function that a goroutine begins in is the kind of its wait.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	never   chan int // nil for ever
	held    sync.Mutex
	readers sync.RWMutex // read-locked
	written sync.RWMutex // write-locked
	group   sync.WaitGroup
	once    sync.Once
	condMu  sync.Mutex
	cond    = sync.NewCond(&condMu)
	keep    []interface{} // what must not be collected
)

func chanSend()     { make(chan int) <- 1 }
func chanSendFull() { c := make(chan int, 1); c <- 1; c <- 2 }
func chanRecv()     { <-make(chan string) }
func chanRange() {
	for range make(chan int, 3) {
	}
}
func chanSendNil() { never <- 1 }
func chanRecvNil() { <-never }

func selectTwo() {
	a, b := make(chan int), make(chan int)
	select {
	case a <- 1:
	case <-b:
	}
}

func selectFive() {
	a, b, c := make(chan int), make(chan string), make(chan struct{})
	t := time.NewTimer(time.Hour)
	select {
	case <-a:
	case <-b:
	case c <- struct{}{}:
	case <-t.C:
	case <-never:
	}
}

func selectOne() {
	select {
	case <-make(chan int):
	}
}

func selectEmpty() { select {} }

func mutexLock()     { held.Lock() }
func rwmutexRLock()  { written.RLock() }
func rwmutexLock()   { readers.Lock() }
func rwmutexBehind() { readers.Lock() }
func waitGroup()     { group.Wait() }

func condWait() {
	condMu.Lock()
	cond.Wait()
}

func onceOwner()  { once.Do(func() { <-make(chan int) }) }
func onceWaiter() { once.Do(func() {}) }

func sleep()       { time.Sleep(1000 * time.Hour) }
func ticker()      { <-time.NewTicker(time.Hour).C }
func timerAfter()  { <-time.After(time.Hour) }
func contextDone() { <-ctx.Done() }

var ctx, cancel = context.WithTimeout(context.Background(), time.Hour)

func netAccept(l net.Listener)  { _, _ = l.Accept() }
func netRead(c net.Conn)        { var b [1]byte; _, _ = c.Read(b[:]) }
func netReadUnix(c net.Conn)    { var b [1]byte; _, _ = c.Read(b[:]) }
func netReadUDP(c *net.UDPConn) { var b [1]byte; _, _, _ = c.ReadFromUDP(b[:]) }
func pipeRead(r *os.File)       { var b [1]byte; _, _ = r.Read(b[:]) }
func pipeWrite(w *os.File)      { var b [1 << 20]byte; _, _ = w.Write(b[:]) }
func semaphore(w *os.File)      { _, _ = w.Write([]byte("after the other")) }
func syscallRead(fd int)        { var b [1]byte; _, _ = syscall.Read(fd, b[:]) }
func syscallFlock(fd int)       { _ = syscall.Flock(fd, syscall.LOCK_EX) }
func syscallRawSleep()          { _ = syscall.Nanosleep(&syscall.Timespec{Sec: 100000}, nil) }
func lockedRecv()               { runtime.LockOSThread(); <-make(chan int) }
func lockedSyscall(fd int)      { runtime.LockOSThread(); var b [1]byte; _, _ = syscall.Read(fd, b[:]) }
func reflectRecv()              { reflect.ValueOf(make(chan int)).Recv() }
func reflectSelect() {
	reflect.Select([]reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan int))},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan string))},
	})
}

func labelled() {
	pprof.Do(context.Background(), pprof.Labels("req", "7f", "tenant", "acme"), func(context.Context) {
		go labelledChild()
		<-make(chan int)
	})
}
func labelledChild() { <-make(chan int) }
func labelledMany() {
	var kv []string
	for i := 0; i < 12; i++ {
		kv = append(kv, fmt.Sprintf("key%02d", i), fmt.Sprintf("value%02d", i))
	}
	pprof.Do(context.Background(), pprof.Labels(kv...), func(context.Context) { <-make(chan int) })
}

// Created by functions that are gone.
func nestedOuter() { nestedMiddle() }
func nestedMiddle() {
	go nestedInner()
}
func nestedInner() { <-make(chan int) }

// Small enough that the compiler inlines them one into another.
func inlineLeaf(c chan int) int   { return <-c }
func inlineMiddle(c chan int) int { return inlineLeaf(c) + 1 }
func inlined()                    { _ = inlineMiddle(make(chan int)) }

func generic()                  { _ = receive[[]string](make(chan []string)) }
func receive[T any](c chan T) T { return wait(c) }

//go:noinline
func wait[T any](c chan T) T { return <-c }

type server struct{ c chan int }

func (s *server) loop()   { <-s.c }
func (s server) byValue() { <-s.c }

type looper interface{ byValue() }

func throughInterface() { var l looper = &server{make(chan int)}; l.byValue() }

func deferred() {
	defer func() { <-make(chan int) }()
}

func panicking() {
	defer func() { recover() }()
	defer func() { <-make(chan int) }()
	panic("wait in the defer of a panic")
}

func nilDereference() {
	defer func() { <-make(chan int) }()
	var p *server
	p.c = nil
}

func goexiting() {
	defer func() { <-make(chan int) }()
	runtime.Goexit()
}

func recursion(n int) {
	if n == 0 {
		<-make(chan int)
	}
	recursion(n - 1)
}
func deep() { recursion(60) }

func bigFrame() {
	var a [3000]int
	use(a[:])
	<-make(chan int)
	use(a[:])
}

//go:noinline
func use(a []int) {
	for i := range a {
		a[i] += i
	}
}

func closure(n int) func() {
	c := make(chan int, n)
	return func() { <-c }
}

type finalized struct{ b [64]byte }

func finalizer(*finalized) { <-make(chan int) }

func busy() {
	for i := 0; ; i++ {
		spin = i
	}
}

var spin int

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "waits:", err)
		os.Exit(1)
	}
}

func blockingPipe() (r, w int) {
	var fd [2]int
	must(syscall.Pipe(fd[:]))
	return fd[0], fd[1]
}

func startNet() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	c, err := net.Dial("tcp", l.Addr().String())
	must(err)
	keep = append(keep, l, c)
	go netRead(c)
	s, err := l.Accept()
	must(err)
	keep = append(keep, s)
	go netAccept(l)
	u, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(err)
	go netReadUDP(u)
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	must(err)
	uc, err := net.FileConn(os.NewFile(uintptr(fds[0]), "pair"))
	must(err)
	keep = append(keep, u, uc, fds[1])
	go netReadUnix(uc)
}

func startFiles() {
	r, w, err := os.Pipe()
	must(err)
	go pipeRead(r)
	r2, w2, err := os.Pipe()
	must(err)
	go pipeWrite(w2)
	time.Sleep(20 * time.Millisecond) // it holds the descriptor's write lock
	go semaphore(w2)
	keep = append(keep, r, w, r2, w2)
	fd, _ := blockingPipe()
	go syscallRead(fd)
	fd, _ = blockingPipe()
	go lockedSyscall(fd)
	go syscallRawSleep()
	name := os.Args[len(os.Args)-1] + ".lock"
	a, err := os.Create(name)
	must(err)
	b, err := os.Open(name)
	must(err)
	keep = append(keep, a, b)
	must(syscall.Flock(int(a.Fd()), syscall.LOCK_EX))
	go syscallFlock(int(b.Fd()))
}

func startLocks() {
	held.Lock()
	go mutexLock()
	written.Lock()
	go rwmutexRLock()
	readers.RLock()
	go rwmutexLock()
	time.Sleep(20 * time.Millisecond)
	go rwmutexBehind()
	group.Add(1)
	go waitGroup()
	go condWait()
	go onceOwner()
	time.Sleep(20 * time.Millisecond)
	go onceWaiter()
}

func startFinalizer() {
	f := &finalized{}
	runtime.SetFinalizer(f, finalizer)
	f = nil
	runtime.GC()
	runtime.GC()
}

func startAll() {
	for _, f := range []func(){
		chanSend, chanSendFull, chanRecv, chanRange, chanSendNil, chanRecvNil, selectOne, selectTwo, selectFive,
		selectEmpty, sleep, ticker, timerAfter, contextDone, lockedRecv, reflectRecv, reflectSelect, labelled,
		labelledMany, nestedOuter, inlined, generic, throughInterface, deferred, panicking, nilDereference,
		goexiting, deep, bigFrame, closure(3),
	} {
		go f()
	}
	go (&server{make(chan int)}).loop()
	go server{make(chan int)}.byValue()
	go func() {
		func() { <-make(chan int) }()
	}()
	startLocks()
	startNet()
	startFiles()
	startFinalizer()
	for _, f := range more {
		go f()
	}
}

// more are the waits that not every version or build has; see the other files.
var more []func()

func dump(name string) {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	must(os.WriteFile(name+".new", buf, 0o644))
	must(os.Rename(name+".new", name))
}

func main() {
	nbusy := flag.Int("busy", 0, "goroutines that never stop")
	flag.Parse()
	if flag.NArg() != 1 || strings.HasPrefix(flag.Arg(0), "-") {
		fmt.Fprintln(os.Stderr, "usage: waits [-busy N] DUMP")
		os.Exit(2)
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	startAll()
	time.Sleep(300 * time.Millisecond)
	for i := 0; i < *nbusy; i++ {
		go busy()
	}
	fmt.Println("ready", os.Getpid())
	for range c {
		dump(flag.Arg(0))
	}
}
