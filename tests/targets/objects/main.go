// objects holds goroutines on channels and locks whose addresses it knows, and says what they are:
//
//	objects
//
// prints a line for each goroutine's object, "FUNCTION KIND ADDRESS CASE DETAILS", as bingo-top should
// see them, then "ready PID" once all of them wait. The function is the one that the goroutine began in.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

type job struct{ id int }

var (
	unbuffered = make(chan job)
	full       = make(chan string, 2)
	empty      = make(chan *job, 3)
	left       = make(chan int)
	right      = make(chan []byte, 4)
	third      = make(chan error)
	mutex      sync.Mutex
	rw, rw2    sync.RWMutex
	group      sync.WaitGroup
	once       sync.Once
	never      = make(chan struct{})
)

func sendOne()   { unbuffered <- job{1} }
func sendTwo()   { unbuffered <- job{2} }
func sendFull()  { full <- "three" }
func recvEmpty() { <-empty }
func rangeEmpty() {
	for range empty {
	}
}
func lockMutex()  { mutex.Lock() }
func lockMutex2() { mutex.Lock() }
func readLock()   { rw.RLock() }
func writeLock()  { rw2.Lock() }
func readBehind() { rw2.RLock() }
func waitGroup()  { group.Wait() }
func onceOwner()  { once.Do(func() { <-never }) }
func onceWaiter() { once.Do(func() {}) }

func selectThree() {
	select {
	case v := <-left:
		_ = v
	case right <- nil:
	case <-third:
	}
}

// say prints what bingo-top's JSON should hold; details in the order of its fields.
func say(function, kind string, addr any, op, details string) {
	fmt.Printf("%s %s %p %s %s\n", function, kind, addr, op, details)
}

func blocked(function string) bool {
	buf := make([]byte, 1<<20)
	all := string(buf[:runtime.Stack(buf, true)])
	for _, g := range strings.Split(all, "\n\n") {
		head, rest, _ := strings.Cut(g, "\n")
		if strings.Contains(rest, "main."+function+"(") {
			return !strings.Contains(head, "[run")
		}
	}
	return false
}

func start(name string, f func()) {
	go f()
	for !blocked(name) {
		time.Sleep(time.Millisecond)
	}
}

func main() {
	full <- "one"
	full <- "two"
	for i := 0; i < 4; i++ {
		right <- nil
	}
	mutex.Lock()
	rw.Lock()
	rw2.RLock()
	group.Add(7)

	start("sendOne", sendOne)
	start("sendTwo", sendTwo)
	start("sendFull", sendFull)
	start("recvEmpty", recvEmpty)
	start("rangeEmpty", rangeEmpty)
	start("selectThree", selectThree)
	start("lockMutex", lockMutex)
	start("lockMutex2", lockMutex2)
	start("readLock", readLock)
	start("writeLock", writeLock)
	start("readBehind", readBehind)
	start("waitGroup", waitGroup)
	start("onceOwner", onceOwner)
	start("onceWaiter", onceWaiter)

	say("sendOne", "chan", unbuffered, "send", "main.job 0/0 2")
	say("sendTwo", "chan", unbuffered, "send", "main.job 0/0 2")
	say("sendFull", "chan", full, "send", "string 2/2 1")
	say("recvEmpty", "chan", empty, "recv", "*main.job 0/3 2")
	say("rangeEmpty", "chan", empty, "recv", "*main.job 0/3 2")
	say("selectThree", "chan", left, "recv", "int 0/0 1")
	say("selectThree", "chan", right, "send", "[]uint8 4/4 1")
	say("selectThree", "chan", third, "recv", "error 0/0 1")
	say("lockMutex", "mutex", &mutex, "lock", "locked 2")
	say("lockMutex2", "mutex", &mutex, "lock", "locked 2")
	say("readLock", "rwmutex", &rw, "rlock", "locked readers=0 1")
	say("writeLock", "rwmutex", &rw2, "lock", "writer-waits readers=1 2")
	say("readBehind", "rwmutex", &rw2, "rlock", "writer-waits readers=1 2")
	say("waitGroup", "waitgroup", &group, "wait", "count=7 1")
	say("onceOwner", "chan", never, "recv", "struct {} 0/0 1")
	say("onceWaiter", "once", &once, "lock", "locked 1")
	fmt.Println("ready", os.Getpid())
	time.Sleep(time.Hour) // so that the runtime does not see a deadlock
}
