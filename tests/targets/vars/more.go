// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func funcs() {
	var none func()
	plain := num(ints)
	x := num(42)
	clo := num(func() int { return x })
	method := num(point{1, 2}.String)
	expr := num(point.String)
	with := num(fmt.Sprintf)
	list := num([]func(){ints, nil, floats})
	show("none", none)
	show("plain", plain)
	show("clo", clo)
	show("method", method)
	show("expr", expr)
	show("with", with)
	show("list", list)
	park()
	use(none, plain, clo, method, expr, with, list)
}

//go:noinline
func (p point) String() string { return "point" }

func channels() {
	var none chan int
	empty := num(make(chan int))
	buffered := num(make(chan string, 3))
	buffered <- "a"
	buffered <- "b"
	wrapped := num(make(chan int, 2))
	wrapped <- 1
	wrapped <- 2
	<-wrapped
	wrapped <- 3
	closed := num(make(chan bool, 1))
	close(closed)
	recv := num((<-chan string)(buffered))
	send := num((chan<- string)(buffered))
	structs := num(make(chan point, 1))
	structs <- point{7, 8}
	waited := num(make(chan float64))
	parked.Add(1)
	go func() {
		parked.Done()
		<-waited
	}()
	told("none", none, "nil")
	told("empty", empty, "len 0, cap 0")
	told("buffered", buffered, `len 2, cap 3 {"a", "b"}`)
	told("wrapped", wrapped, `len 2, cap 2 {2, 3}`)
	told("closed", closed, "len 0, cap 1, closed")
	told("recv", recv, `len 2, cap 3 {"a", "b"}`)
	told("send", send, `len 2, cap 3 {"a", "b"}`)
	told("structs", structs, "len 1, cap 1 {{X: 7, Y: 8}}")
	told("waited", waited, "len 0, cap 0, 1 receiving")
	park()
	use(none, empty, buffered, wrapped, closed, recv, send, structs, waited)
}

func times() {
	utc := num(time.Date(2024, 2, 29, 12, 34, 56, 789000000, time.UTC))
	whole := num(time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC))
	old := num(time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC))
	zone := num(time.Date(2024, 7, 1, 0, 0, 0, 0, time.FixedZone("XST", 3600*5+1800)))
	now := num(time.Now().UTC())
	local := num(time.Now())
	var zero time.Time
	d := num(90 * time.Minute)
	ms := num(1500 * time.Microsecond)
	neg := num(-time.Nanosecond)
	d0 := num(time.Duration(0))
	most := num(time.Duration(1<<63 - 1))
	mo := num(time.March)
	wd := num(time.Friday)
	lp := num(time.UTC)
	told("utc", utc, "2024-02-29 12:34:56.789 UTC")
	told("whole", whole, "1999-12-31 23:59:59 UTC")
	told("old", old, "-0001-01-01 00:00:00 UTC")
	told("zone", zone, "2024-07-01 00:00:00 +0530 XST")
	told("now", now, now.Format("2006-01-02 15:04:05.999999999")+" UTC")
	told("local", local, strings.Replace(local.Format("2006-01-02 15:04:05.999999999 -0700 MST"), "+0000 UTC", "UTC", 1))
	told("zero", zero, "0001-01-01 00:00:00 UTC")
	told("d", d, d.String())
	told("ms", ms, ms.String())
	told("neg", neg, neg.String())
	told("d0", d0, d0.String())
	told("most", most, most.String())
	told("mo", mo, "March")
	told("wd", wd, "Friday")
	told("lp", lp, "UTC")
	park()
	use(utc, whole, old, zone, now, local, zero, d, ms, neg, d0, most, mo, wd, lp)
}

type guarded struct {
	mu sync.Mutex
	n  int
}

func syncs() {
	var free, locked, waited sync.Mutex
	var rfree, rread, rwrite sync.RWMutex
	var wg, wg0 sync.WaitGroup
	var once, done sync.Once
	g := &guarded{n: 3}
	g.mu.Lock()
	locked.Lock()
	waited.Lock()
	rread.RLock()
	rread.RLock()
	rwrite.Lock()
	wg.Add(2)
	done.Do(func() {})
	cond := sync.NewCond(&free)
	var m sync.Map
	m.Store("k", 1)
	parked.Add(1)
	go func() {
		parked.Done()
		waited.Lock()
	}()
	time.Sleep(300 * time.Millisecond) // until it waits
	toldPtr("free", &free, "unlocked")
	toldPtr("locked", &locked, "locked")
	toldPtr("waited", &waited, "locked, 1 waiting")
	toldPtr("rfree", &rfree, "unlocked")
	toldPtr("rread", &rread, "2 readers")
	toldPtr("rwrite", &rwrite, "write-locked")
	toldPtr("wg", &wg, "counter 2")
	toldPtr("wg0", &wg0, "counter 0")
	toldPtr("once", &once, "not done")
	toldPtr("done", &done, "done")
	told("g", g, "&{mu: locked, n: 3}")
	told("cond", cond, "nobody waiting")
	park()
	use(&free, &locked, &waited, &rfree, &rread, &rwrite, &wg, &wg0, &once, &done, g, cond, &m)
}

func atomics() {
	var i32 atomic.Int32
	var i64 atomic.Int64
	var u32 atomic.Uint32
	var b atomic.Bool
	var p atomic.Pointer[point]
	var v, v0 atomic.Value
	i32.Store(-3)
	i64.Store(1 << 40)
	u32.Store(7)
	b.Store(true)
	p.Store(&point{1, 2})
	v.Store("stored")
	toldPtr("i32", &i32, "-3")
	toldPtr("i64", &i64, "1099511627776")
	toldPtr("u32", &u32, "7")
	toldPtr("b", &b, "true")
	toldPtr("p", &p, "&{X: 1, Y: 2}")
	toldPtr("v", &v, `"stored"`)
	toldPtr("v0", &v0, "nil")
	park()
	use(&i32, &i64, &u32, &b, &p, &v, &v0)
}

type ctxKey struct{}

func contexts() {
	bg := num(context.Background())
	todo := num(context.TODO())
	cc, cancel := context.WithCancel(bg)
	val := num(context.WithValue(cc, ctxKey{}, "v"))
	gone, cancel2 := context.WithCancel(val)
	cancel2()
	when := time.Date(2100, 1, 2, 3, 4, 5, 0, time.UTC)
	dl, cancel3 := context.WithDeadline(cc, when)
	told("bg", bg, "context.Background")
	told("todo", todo, "context.TODO")
	told("cc", cc, "context.Background.WithCancel")
	told("val", val, `context.Background.WithCancel.WithValue(main.ctxKey{}: "v")`)
	told("gone", gone, `context.Background.WithCancel.WithValue(main.ctxKey{}: "v").WithCancel, canceled`)
	told("dl", dl, "context.Background.WithCancel.WithDeadline(2100-01-02 03:04:05 UTC)")
	park()
	use(bg, todo, cc, val, gone, dl)
	cancel()
	cancel2()
	cancel3()
}

type myErr struct{ Code int }

func (e *myErr) Error() string { return "my" }

func errs() {
	var none error
	plain := num(errors.New("boom"))
	wrap := num(fmt.Errorf("outer: %w", plain))
	own := num(error(&myErr{5}))
	no := num(error(syscall.ENOENT))
	told("none", none, "nil")
	told("plain", plain, `*errors.errorString("boom")`)
	told("wrap", wrap, `*fmt.wrapError("outer: boom")`)
	told("own", own, "&main.myErr{Code: 5}")
	told("no", no, "syscall.Errno(2, no such file or directory)")
	park()
	use(none, plain, wrap, own, no)
}

func conns() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { sink, _ = ln.Accept() }()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		panic(err)
	}
	ip := num(net.ParseIP("192.0.2.1"))
	ip6 := num(net.ParseIP("2001:db8::1"))
	addr := num(&net.TCPAddr{IP: ip, Port: 80})
	tcp := c.(*net.TCPConn)
	told("ln", ln, "*net.TCPListener(tcp "+ln.Addr().String()+")")
	told("c", c, "*net.TCPConn(tcp "+c.LocalAddr().String()+" → "+c.RemoteAddr().String()+")")
	told("tcp", tcp, "tcp "+c.LocalAddr().String()+" → "+c.RemoteAddr().String())
	told("ip", ip, "192.0.2.1")
	told("ip6", ip6, "2001:db8::1")
	told("addr", addr, "192.0.2.1:80")
	park()
	use(ln, c, tcp, ip, ip6, addr)
}

type pair[K comparable, V any] struct {
	Key K
	Val V
}

func (p *pair[K, V]) get(x V) {
	show("p", p)
	show("x", x)
	park()
	use(p, x)
}

//go:noinline
func generic[T any](x T, xs []T) {
	y := num(x)
	show("x", x)
	show("xs", xs)
	show("y", y)
	park()
	use(x, xs, y)
}

func generics() {
	parked.Add(3)
	go generic(point{1, 2}, []point{{3, 4}})
	go generic(&point{1, 2}, []*point{nil})
	go (&pair[string, id]{"k", 1}).get(2)
	a := num(pair[string, int]{"a", 1})
	b := num(&pair[id, []string]{2, []string{"x"}})
	show("a", a)
	show("b", b)
	park()
	use(a, b)
}

func shadows() {
	x := num(1)
	y := num("outer")
	show("x", x)
	if z := num(2); z > 1 {
		x := num("inner")
		show("y", y)
		show("z", z)
		show("x", x)
		park()
		use(x, z)
	}
	use(x, y)
}

// stale has variables whose last use is past: their places may have been used again.
func stale() {
	a := num(11)
	show("a", a)
	b := num("dead")
	show("b", b)
	c := num(33)
	z := c
	use(num(0)) // c is kept over the call
	show("z", z)
	c = num(44)
	l := num([]int{1, 2})
	show("l", l)
	m := num([]int{3, 4})
	n := m
	use(num(0))
	show("n", n)
	m = num([]int{5, 6})
	p := num(&point{1, 2})
	q := p
	use(num(0))
	show("q", q)
	p = num(&point{3, 4})
	f := num(1.5)
	show("f", f)
	g := num(2.5)
	show("c", c)
	show("m", m)
	show("p", p)
	show("g", g)
	park()
	use(c, m, p, g)
}

// aliases has several names for one value.
func aliases() {
	a := num(any(&point{5, 6}))
	b := a
	p := a.(*point)
	q := p
	s := num([]string{"x", "y"})
	t := s
	show("a", a)
	show("b", b)
	show("p", p)
	show("q", q)
	show("s", s)
	show("t", t)
	park()
	use(a, b, p, q, s, t)
}

// merged has large variables whose lives do not meet.
func merged() {
	{
		big := num([20]int64{1, 2, 3})
		use(big[:])
	}
	two := num([20]int64{4, 5, 6})
	show("two", two)
	use(two[:])
	three := num([20]int64{7, 8, 9})
	show("three", three)
	park()
	use(three[:])
}

func escaped() {
	n := num(11)
	s := num("heap")
	p := num(point{1, 2})
	arr := num([3]int{7, 8, 9})
	sink = []any{&n, &s, &p, &arr}
	show("n", n)
	show("s", s)
	show("p", p)
	show("arr", arr)
	park()
	use(sink, n, s, p, arr)
}

func inner(a int, b string) {
	c := a + len(b)
	line("main.inner", "a", "int", fmt.Sprint(a))
	line("main.inner", "b", "string", quote(b))
	line("main.inner", "c", "int", fmt.Sprint(c))
	park()
	use(a, b, c)
}

func inlined() {
	k := num(100)
	inner(k+1, num("in"))
	use(k)
}

func closures() {
	byVal := num(21)
	byRef := num("before")
	func() {
		own := num(3.5)
		byRef = num("after")
		use(byVal)
		show("own", own)
		park()
		use(byVal, byRef, own)
	}()
	use(byVal, byRef)
}

//go:noinline
func args(a int, b string, c []int, d point, e float64, f map[string]int, g *point, h error) (r int, err error) {
	r = num(77)
	show("a", a)
	show("b", b)
	show("c", c)
	show("d", d)
	show("e", e)
	show("f", f)
	show("g", g)
	show("h", h)
	show("r", r)
	park()
	use(a, b, c, d, e, f, g, h)
	return r, nil
}

//go:noinline
func many(a, b, c, d, e, f, g, h, i, j, k, l int64) int64 {
	show("a", a)
	show("i", i)
	show("j", j)
	show("k", k)
	show("l", l)
	park()
	use(a, b, c, d, e, f, g, h, i, j, k, l)
	return a
}

//go:noinline
func (j *job) method(k int) {
	show("j", j)
	show("k", k)
	park()
	use(j, k)
}

//go:noinline
func (s square) method(k int) {
	show("s", s)
	show("k", k)
	park()
	use(s, k)
}
