// SPDX-License-Identifier: Apache-2.0

// Variables of every kind, in goroutines that stand still. Each is printed, a line each, before
// "ready": what is read from outside has to be the same.
package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

var (
	never  = make(chan struct{})
	parked sync.WaitGroup
)

//go:noinline
func use(v ...any) {
	if len(v) == 0 {
		fmt.Fprintln(os.Stderr, "used")
	}
}

type (
	id     int
	name   string
	weight float64
	point  struct{ X, Y int }
	node   struct {
		val  int
		next *node
	}
	job struct {
		ID   id
		Name name
		At   point
		Tags []string
		Meta map[string]int
		prev *job
	}
	base   struct{ Kind string }
	widget struct {
		base
		*point
		W, H uint16
	}
	shape interface {
		area() float64
	}
	square struct{ side float64 }
	circle struct{ r float64 }
)

func (s square) area() float64  { return s.side * s.side }
func (c *circle) area() float64 { return c.r }

//go:noinline
func num[T any](v T) T { return v }

func ints() {
	b := num(true)
	i := num(-5)
	i8 := num(int8(-128))
	i16 := num(int16(-32768))
	i32 := num(int32(-1 << 31))
	i64 := num(int64(math.MinInt64))
	u := num(uint(5))
	u8 := num(uint8(255))
	u16 := num(uint16(65535))
	u32 := num(uint32(1 << 31))
	u64 := num(uint64(math.MaxUint64))
	up := num(uintptr(0xc0ffee))
	r := num('é')
	n := num(id(7))
	show("b", b)
	show("i", i)
	show("i8", i8)
	show("i16", i16)
	show("i32", i32)
	show("i64", i64)
	show("u", u)
	show("u8", u8)
	show("u16", u16)
	show("u32", u32)
	show("u64", u64)
	show("up", up)
	show("r", r)
	show("n", n)
	park()
	use(b, i, i8, i16, i32, i64, u, u8, u16, u32, u64, up, r, n)
}

func floats() {
	f32 := num(float32(1.1))
	f64 := num(0.1)
	big := num(bigFloat)
	small := num(5e-324)
	round := num(100000.0)
	long := num(123456789012345678.0)
	e21 := num(1e21)
	nan := num(math.NaN())
	inf := num(math.Inf(-1))
	zero := num(math.Copysign(0, -1))
	c64 := num(complex64(1 + 2i))
	c128 := num(-1.5 - 2.25i)
	w := num(weight(2.5))
	show("f32", f32)
	show("f64", f64)
	show("big", big)
	show("small", small)
	show("round", round)
	show("long", long)
	show("e21", e21)
	show("nan", nan)
	show("inf", inf)
	show("zero", zero)
	show("c64", c64)
	show("c128", c128)
	show("w", w)
	park()
	use(f32, f64, big, small, round, long, e21, nan, inf, zero, c64, c128, w)
}

func texts() {
	empty := num("")
	plain := num("hello, world")
	quoted := num("a \"b\" \\ \n\t\x00\x1b[31m\x7f")
	utf := num("grüße, 世界 🎉")
	bad := num("\xff\xfe ok \xc3")
	long := num(fmt.Sprintf("%0300d", 7))
	cut := num("äöüäöüäöüäöüäöüäöüäöüäöüäöüäöüä€äöüäöüäöüäöüäöü")
	n := num(name("named"))
	bytes := num([]byte("bytes"))
	raw := num([]byte{0, 1, 255})
	runes := num([]rune("añ"))
	odd := num("\u200b\u00a0\u2028\ufeff\u0301")
	show("empty", empty)
	show("plain", plain)
	show("quoted", quoted)
	show("utf", utf)
	show("bad", bad)
	show("long", long)
	show("cut", cut)
	show("n", n)
	show("bytes", bytes)
	show("raw", raw)
	show("runes", runes)
	show("odd", odd)
	park()
	use(empty, plain, quoted, utf, bad, long, cut, n, bytes, raw, runes, odd)
}

func lists() {
	var none []int
	empty := num([]int{})
	few := num([]int{1, 2, 3})
	many := num(make([]uint16, 100, 128))
	for i := range many {
		many[i] = uint16(i)
	}
	nested := num([][]string{{"a"}, nil, {"b", "c"}})
	structs := num([]point{{1, 2}, {3, 4}})
	ptrs := num([]*point{{1, 2}, nil})
	arr := num([4]int8{1, -2, 3, -4})
	arr0 := num([0]int{})
	arr1 := num([1]string{"one"})
	arrs := num([2][2]bool{{true, false}, {false, true}})
	big := num([40]int32{39: 1})
	anys := num([]any{1, "two", 3.5, nil, point{1, 2}, true})
	part := few[1:2]
	show("none", none)
	show("empty", empty)
	show("few", few)
	show("many", many)
	show("nested", nested)
	show("structs", structs)
	show("ptrs", ptrs)
	show("arr", arr)
	show("arr0", arr0)
	show("arr1", arr1)
	show("arrs", arrs)
	show("big", big)
	show("anys", anys)
	show("part", part)
	park()
	use(none, empty, few, many, nested, structs, ptrs, arr, arr0, arr1, arrs, big, anys, part)
}

func maps() {
	var none map[string]int
	empty := num(map[int]int{})
	one := num(map[string]int{"a": 1})
	few := num(map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8})
	many := num(map[int]string{})
	for i := 0; i < 15; i++ {
		many[i*7-40] = fmt.Sprint(i)
	}
	lots := num(map[uint32]uint64{})
	for i := 0; i < 10000; i++ {
		lots[uint32(i)] = uint64(i) * uint64(i)
	}
	gaps := num(map[int]bool{})
	for i := 0; i < 1000; i++ {
		gaps[i] = i%2 == 0
	}
	for i := 0; i < 1000; i++ {
		if i%100 != 0 {
			delete(gaps, i)
		}
	}
	structs := num(map[point]job{{1, 2}: {ID: 1, Name: "x"}})
	sets := num(map[string]struct{}{"x": {}, "y": {}})
	bytes := num(map[byte]int64{1: 1, 2: 2, 3: 3})
	fat := num(map[[20]int64][30]int64{{1}: {2}})
	ifaces := num(map[any]string{1: "int"})
	deep := num(map[string]map[string][]int{"a": {"b": {1, 2}}})
	fl := num(map[float64]string{1.5: "x", -2: "y"})
	show("none", none)
	show("empty", empty)
	show("one", one)
	show("few", few)
	show("many", many)
	told("lots", lots, "*10000")
	show("gaps", gaps)
	show("structs", structs)
	show("sets", sets)
	show("bytes", bytes)
	show("fat", fat)
	show("ifaces", ifaces)
	show("deep", deep)
	show("fl", fl)
	park()
	use(none, empty, one, few, many, lots, gaps, structs, sets, bytes, fat, ifaces, deep, fl)
}

func structs() {
	p := num(point{3, 4})
	e := num(struct{}{})
	j := num(job{ID: 7, Name: "seven", At: point{1, 2}, Tags: []string{"a"}, Meta: map[string]int{"k": 1}})
	w := num(widget{base{"button"}, &point{5, 6}, 10, 20})
	anon := num(struct {
		A int
		b string
	}{1, "x"})
	packed := num(struct {
		a bool
		b int64
		c bool
		d int16
	}{true, 1, true, 2})
	pad := num(struct {
		a byte
		_ [3]byte
		b uint32
	}{a: 1, b: 2})
	deep := num(struct{ a struct{ b struct{ c struct{ d struct{ e int } } } } }{})
	wide := num([3]struct{ A, B, C, D int64 }{{1, 2, 3, 4}})
	show("p", p)
	show("e", e)
	show("j", j)
	show("w", w)
	show("anon", anon)
	show("packed", packed)
	show("pad", pad)
	show("deep", deep)
	show("wide", wide)
	park()
	use(p, e, j, w, anon, packed, pad, deep, wide)
}

func pointers() {
	var none *point
	var noneIface error
	one := num(&point{1, 2})
	n := num(5)
	pn := &n
	ppn := num(&pn)
	self := &node{val: 1}
	self.next = self
	chain := num(&node{1, &node{2, &node{3, nil}}})
	s := num(new(string))
	*s = "pointed"
	pj := num(&job{ID: 1, prev: &job{ID: 2}})
	up := num(unsafe.Pointer(one))
	var upnil unsafe.Pointer
	arr := num(&[3]int{1, 2, 3})
	m := num(&map[string]int{"a": 1})
	sl := num(&[]int{4, 5})
	show("none", none)
	show("noneIface", noneIface)
	show("one", one)
	show("pn", pn)
	show("ppn", ppn)
	show("self", self)
	show("chain", chain)
	show("s", s)
	show("pj", pj)
	show("up", up)
	show("upnil", upnil)
	show("arr", arr)
	show("m", m)
	show("sl", sl)
	park()
	use(none, noneIface, one, pn, ppn, self, chain, s, pj, up, upnil, arr, m, sl)
}

func ifaces() {
	var none any
	i := num(any(5))
	s := num(any("text"))
	named := num(any(id(9)))
	f := num(any(float32(2.5)))
	b := num(any(true))
	small := num(any(uint8(200)))
	p := num(any(point{1, 2}))
	pp := num(any(&point{3, 4}))
	nilp := num(any((*point)(nil)))
	sl := num(any([]int{1, 2}))
	m := num(any(map[string]int{"z": 26}))
	fn := num(any(ints))
	arr := num(any([2]int{1, 2}))
	one := num(any([1]*point{nil}))
	sq := num(shape(square{2}))
	ci := num(shape(&circle{3}))
	e := num(any(struct{}{}))
	str := num(fmt.Stringer(time.Duration(0)))
	err := num(error(&os.PathError{Op: "open", Path: "/x", Err: os.ErrNotExist}))
	show("none", none)
	show("i", i)
	show("s", s)
	show("named", named)
	show("f", f)
	show("b", b)
	show("small", small)
	show("p", p)
	show("pp", pp)
	show("nilp", nilp)
	show("sl", sl)
	show("m", m)
	show("fn", fn)
	show("arr", arr)
	show("one", one)
	show("sq", sq)
	show("ci", ci)
	show("e", e)
	told("str", str, "time.Duration(0s)")
	told("err", err, `&fs.PathError{Op: "open", Path: "/x", Err: *errors.errorString("file does not exist")}`)
	park()
	use(none, i, s, named, f, b, small, p, pp, nilp, sl, m, fn, arr, one, sq, ci, e, str, err)
}

func start(fs ...func()) {
	parked.Add(len(fs))
	for _, f := range fs {
		go f()
	}
}

func main() {
	start(ints, floats, texts, lists, maps, structs, pointers, ifaces)
	start(funcs, channels, times, syncs, atomics, contexts, errs, conns)
	start(generics, shadows, escaped, inlined, closures, stale, aliases, merged)
	start(func() { args(1, "two", []int{3}, point{4, 5}, 6.5, map[string]int{"k": 7}, &point{8, 9}, nil) })
	start(func() { many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) })
	start(func() { (&job{ID: 3, Name: "recv"}).method(4) }, func() { square{5}.method(6) })
	parked.Wait()
	runtime.GC()
	if len(os.Args) > 1 && os.Args[1] == "-run" {
		run()
		time.Sleep(100 * time.Millisecond)
		if len(os.Args) > 2 && os.Args[2] == "unhandled" {
			unhandled()
		}
	}
	fmt.Println("ready")
	time.Sleep(time.Hour)
}
