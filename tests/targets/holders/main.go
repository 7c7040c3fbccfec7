// holders holds pairs of goroutines: one waits for something, others could end that, each in a
// way of its own. It prints a line for each such pair,
//
//	WAITER KIND ADDRESS HOLDER COULD EVIDENCE
//
// where waiter and holder are the functions that the two goroutines began in, then "ready PID"
// once all of them stand still.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

type account struct {
	name string
	pad  [3]int
	mu   sync.Mutex
	rw   sync.RWMutex
	wg   sync.WaitGroup
	ch   chan int
	cond *sync.Cond
	list []int
}

var (
	globalMu sync.Mutex
	park     = make(chan struct{}) // nobody ever sends: holders stand here
	lines    []string
	keep     []interface{}
)

func say(waiter, kind string, addr interface{}, holder, could, evidence string) {
	lines = append(lines, fmt.Sprintf("%s %s %p %s %s %s", waiter, kind, addr, holder, could, evidence))
}

//go:noinline
func stand() { <-park }

//go:noinline
func use(x interface{}) { keep = append(keep, x) }

// --- locks ---

func deferLock(a *account, held chan bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held <- true
	stand()
}

func deferLockTwo(a, b *account, held chan bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b.rw.Lock()
	defer b.rw.Unlock()
	held <- true
	stand()
}

func betweenLock(a *account, held chan bool) {
	a.mu.Lock()
	held <- true
	stand()
	a.list = append(a.list, 1)
	a.mu.Unlock()
}

func betweenGlobal(held chan bool) {
	globalMu.Lock()
	held <- true
	stand()
	globalMu.Unlock()
}

func deepInner(a *account, held chan bool) int {
	held <- true
	stand()
	return len(a.list)
}

func deepLock(a *account, held chan bool) {
	a.mu.Lock()
	n := deepInner(a, held)
	a.list = append(a.list, n)
	a.mu.Unlock()
}

func neverUnlock(a *account, held chan bool) {
	a.mu.Lock()
	held <- true
	stand()
	use(a)
}

func loopDefer(as []*account, held chan bool) {
	for _, a := range as {
		a.mu.Lock()
		defer a.mu.Unlock()
	}
	held <- true
	stand()
}

func closureDefer(a *account, held chan bool) {
	a.mu.Lock()
	defer func() {
		a.list = nil
		a.mu.Unlock()
	}()
	held <- true
	stand()
}

func readDefer(a *account, held chan bool) {
	a.rw.RLock()
	defer a.rw.RUnlock()
	held <- true
	stand()
}

func readBetween(a *account, held chan bool) {
	a.rw.RLock()
	held <- true
	stand()
	a.list = nil
	a.rw.RUnlock()
}

func writeBetween(a *account, held chan bool) {
	a.rw.Lock()
	held <- true
	stand()
	a.rw.Unlock()
}

func twice(a *account, held chan bool) {
	a.mu.Lock()
	held <- true
	a.mu.Lock()
	a.mu.Unlock()
	a.mu.Unlock()
}

func (a *account) unlock() { a.list = nil; a.mu.Unlock() }

func helperUnlock(a *account, held chan bool) {
	a.mu.Lock()
	held <- true
	stand()
	a.unlock()
}

func waitLock(a *account)  { a.mu.Lock(); use(a); a.mu.Unlock() }
func waitRead(a *account)  { a.rw.RLock(); use(a); a.rw.RUnlock() }
func waitWrite(a *account) { a.rw.Lock(); use(a); a.rw.Unlock() }
func waitGlobal()          { globalMu.Lock(); use(1); globalMu.Unlock() }

// --- once ---

func onceHolder(o *sync.Once, held chan bool) { o.Do(func() { held <- true; stand() }) }
func onceWaiter(o *sync.Once)                 { o.Do(func() {}) }

// --- WaitGroup, Cond ---

func doneDefer(a *account)   { defer a.wg.Done(); stand() }
func doneAhead(a *account)   { stand(); a.list = nil; a.wg.Done() }
func waitDone(a *account)    { a.wg.Wait() }
func signalAhead(a *account) { stand(); a.cond.Broadcast() }
func waitCond(a *account) {
	a.mu.Lock()
	a.cond.Wait()
	a.mu.Unlock()
}

// --- channels ---

func sendAhead(c chan int)      { stand(); c <- 1 }
func sendFieldAhead(a *account) { stand(); a.list = nil; a.ch <- 1 }
func closeDefer(c chan int)     { defer close(c); stand() }
func closeAhead(c chan int)     { stand(); close(c) }
func recvAhead(c chan int)      { stand(); use(<-c) }
func rangeAhead(c chan int) {
	stand()
	for v := range c {
		use(v)
	}
}

func selectAhead(c, d chan int) {
	stand()
	select {
	case c <- 1:
	case <-d:
	}
}

func refOnly(c chan int) { stand(); use(c) }

func worker(jobs, results chan int) {
	for j := range jobs {
		results <- j * 2
	}
}

func waitRecv(c chan int)  { use(<-c) }
func waitRecv2(c chan int) { v, ok := <-c; use(v); use(ok) }
func waitSend(c chan int)  { c <- 1; use(c) }

// --- contexts ---

func cancelDefer(parent context.Context, out chan context.Context) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	out <- ctx
	stand()
}

func cancelAhead(parent context.Context, out chan context.Context) {
	ctx, cancel := context.WithCancel(parent)
	out <- ctx
	stand()
	cancel()
}

func waitContext(ctx context.Context) { <-ctx.Done(); use(ctx) }

func held(f func(chan bool)) {
	c := make(chan bool)
	f(c)
	<-c
}

func locks() {
	a := new(account)
	held(func(c chan bool) { go deferLock(a, c) })
	go waitLock(a)
	say("waitLock", "mutex", &a.mu, "deferLock", "lock", "seen")

	b, d := new(account), new(account)
	held(func(c chan bool) { go deferLockTwo(b, d, c) })
	go waitLock(b)
	go waitRead(d)
	say("waitLock", "mutex", &b.mu, "deferLockTwo", "lock", "seen")
	say("waitRead", "rwmutex", &d.rw, "deferLockTwo", "lock", "seen")

	e := new(account)
	held(func(c chan bool) { go betweenLock(e, c) })
	go waitLock(e)
	say("waitLock", "mutex", &e.mu, "betweenLock", "lock", "inferred")

	held(func(c chan bool) { go betweenGlobal(c) })
	go waitGlobal()
	say("waitGlobal", "mutex", &globalMu, "betweenGlobal", "lock", "inferred")

	f := new(account)
	held(func(c chan bool) { go deepLock(f, c) })
	go waitLock(f)
	say("waitLock", "mutex", &f.mu, "deepLock", "lock", "inferred")

	g := new(account)
	held(func(c chan bool) { go neverUnlock(g, c) })
	go waitLock(g)
	say("waitLock", "mutex", &g.mu, "neverUnlock", "lock", "inferred")

	var as []*account
	for i := 0; i < 3; i++ {
		as = append(as, new(account))
	}
	held(func(c chan bool) { go loopDefer(as, c) })
	for _, x := range as {
		go waitLock(x)
		say("waitLock", "mutex", &x.mu, "loopDefer", "lock", "seen")
	}

	h := new(account)
	held(func(c chan bool) { go closureDefer(h, c) })
	go waitLock(h)
	say("waitLock", "mutex", &h.mu, "closureDefer", "lock", "seen")

	i := new(account)
	held(func(c chan bool) { go readDefer(i, c) })
	go waitWrite(i)
	say("waitWrite", "rwmutex", &i.rw, "readDefer", "rlock", "seen")

	j := new(account)
	held(func(c chan bool) { go readBetween(j, c) })
	go waitWrite(j)
	say("waitWrite", "rwmutex", &j.rw, "readBetween", "rlock", "inferred")

	k := new(account)
	held(func(c chan bool) { go writeBetween(k, c) })
	go waitRead(k)
	say("waitRead", "rwmutex", &k.rw, "writeBetween", "lock", "inferred")

	l := new(account)
	held(func(c chan bool) { go twice(l, c) })
	say("twice", "mutex", &l.mu, "twice", "lock", "inferred")

	m := new(account)
	held(func(c chan bool) { go helperUnlock(m, c) })
	go waitLock(m)
	say("waitLock", "mutex", &m.mu, "helperUnlock", "lock", "inferred")

	o := new(sync.Once)
	held(func(c chan bool) { go onceHolder(o, c) })
	go onceWaiter(o)
	say("onceWaiter", "once", o, "onceHolder", "lock", "seen")
}

func groups() {
	a, b := new(account), new(account)
	a.wg.Add(1)
	b.wg.Add(1)
	go doneDefer(a)
	go waitDone(a)
	say("waitDone", "waitgroup", &a.wg, "doneDefer", "done", "seen")
	go doneAhead(b)
	go waitDone(b)
	say("waitDone", "waitgroup", &b.wg, "doneAhead", "done", "inferred")

	c := new(account)
	c.cond = sync.NewCond(&c.mu)
	go waitCond(c)
	go signalAhead(c)
	say("waitCond", "cond", c.cond, "signalAhead", "signal", "inferred")
}

func channels() {
	one := func(wait func(chan int), name string, holder func(chan int), hname, could, evidence string) {
		c := make(chan int)
		go holder(c)
		go wait(c)
		say(name, "chan", c, hname, could, evidence)
	}
	one(waitRecv, "waitRecv", sendAhead, "sendAhead", "send", "inferred")
	one(waitRecv2, "waitRecv2", closeDefer, "closeDefer", "close", "seen")
	one(waitRecv, "waitRecv", closeAhead, "closeAhead", "close", "inferred")
	one(waitSend, "waitSend", recvAhead, "recvAhead", "recv", "inferred")
	one(waitSend, "waitSend", rangeAhead, "rangeAhead", "recv", "inferred")
	one(waitRecv, "waitRecv", refOnly, "refOnly", "ref", "inferred")

	a := new(account)
	a.ch = make(chan int)
	go sendFieldAhead(a)
	go waitRecv(a.ch)
	say("waitRecv", "chan", a.ch, "sendFieldAhead", "send", "inferred")

	c, d := make(chan int), make(chan int)
	go selectAhead(c, d)
	go waitRecv(c)
	go waitSend(d)
	say("waitRecv", "chan", c, "selectAhead", "send", "inferred")
	say("waitSend", "chan", d, "selectAhead", "recv", "inferred")

	jobs, results := make(chan int), make(chan int)
	go worker(jobs, results)
	go waitRecv(results)
	say("waitRecv", "chan", results, "worker", "send", "inferred")
}

func contexts() {
	out := make(chan context.Context)
	go cancelDefer(context.Background(), out)
	ctx := <-out
	go waitContext(ctx)
	say("waitContext", "chan", ctx.Done(), "cancelDefer", "cancel", "seen")

	go cancelAhead(context.Background(), out)
	ctx = <-out
	go waitContext(ctx)
	say("waitContext", "chan", ctx.Done(), "cancelAhead", "cancel", "inferred")
}

func quiet() bool {
	buf := make([]byte, 1<<20)
	s := string(buf[:runtime.Stack(buf, true)])
	return strings.Count(s, "[running]") == 1 && !strings.Contains(s, "[runnable]")
}

func main() {
	locks()
	groups()
	channels()
	contexts()
	for !quiet() {
		time.Sleep(10 * time.Millisecond)
	}
	for _, l := range lines {
		fmt.Println(l)
	}
	fmt.Println("ready", os.Getpid())
	for { // so that Go's own check sees no deadlock
		time.Sleep(time.Hour)
	}
}
