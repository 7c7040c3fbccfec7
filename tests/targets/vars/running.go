// SPDX-License-Identifier: Apache-2.0

package main

import (
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// Goroutines that never stand still, each with arguments that never change: wherever the program is
// when it dies, these are what they were.

var (
	sum   uint64
	sums  [16]uint64
	shared uint64
	bytes1 []byte
)

func said(function, name string, v any) {
	r := reflect.ValueOf(&v).Elem().Elem()
	line("main."+function, name, r.Type().String(), text(r, 0))
}

//go:noinline
func spins(a, b uint64, s string, p *point) uint64 {
	x := uint64(1)
	for i := uint64(0); x != 1<<63; i++ {
		x = (x*a + b ^ i) &^ (1 << 63)
	}
	return x + uint64(len(s)) + uint64(p.X)
}

//go:noinline
func divides(a, b int, c, d uint32) int {
	x := 0
	for i := 1; x != -1; i++ {
		x += i/a + i%b + int(uint32(i)/c) + int(uint32(i)%d)
		x &= 0xffff
	}
	return x + a
}

//go:noinline
func moves(a [40]uint64, b *[40]uint64, c uint64) uint64 {
	var t [40]uint64
	for i := 0; ; i++ {
		t = a
		t[i%40] = c
		*b = t
		if b[3] == 1<<63 {
			return t[1]
		}
	}
}

//go:noinline
func adds(a, b int, c string, i int) int {
	return a + b + len(c) + i
}

//go:noinline
func deeper(a int, b string, i int) int {
	if i&3 == 0 {
		return adds(71, 72, "seventy", i)
	}
	return adds(71, 72, "seventy", i) + len(b) + a
}

//go:noinline
func calls(a int, b string) {
	for i := 0; ; i++ {
		sum += uint64(adds(71, 72, "seventy", i) + deeper(81, "eighty", i))
	}
}

//go:noinline
func allocates(a int, b string) {
	for i := 0; ; i++ {
		bytes1 = append([]byte(nil), b...)
		bytes1 = make([]byte, a)
	}
}

//go:noinline
func asks(a time.Duration, b int) {
	began := time.Now()
	for time.Since(began) < a {
		sum += uint64(b)
	}
}

//go:noinline
func swaps(a, b uint32, c *uint64) {
	var small uint32
	for {
		atomic.AddUint64(c, uint64(a))
		atomic.CompareAndSwapUint32(&small, a, b)
		atomic.StoreUint32(&small, b)
	}
}

//go:noinline
func compares(a, b string, n int) int {
	count := 0
	for i := 0; count < 1<<60; i++ {
		if strings.Contains(a, b) {
			count++
		}
		if a[i%len(a):] == b {
			count = n
		}
	}
	return count
}

//go:noinline
func weighs(a, b float64, n int) float64 {
	x := 1.0
	for i := 0; x < 1e300; i++ {
		x = x*a + b/float64(i+n)
		if x > 100 {
			x = 1
		}
	}
	return x
}

func squared(s int, t int) int {
	u := s * s
	if u&1 == 0 {
		u += t
	}
	return u
}

//go:noinline
func inlines(a, b int) {
	for i := 0; ; i++ {
		sums[i&15] += uint64(squared(i, b) + a)
	}
}

// SIGQUIT ends the program as the kernel does it: its threads stand where they were, in no handler.
func unhandled() {
	var action [4]uint64 // SIG_DFL
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGQUIT), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
}

func run() {
	p, block := &point{91, 92}, &[40]uint64{}
	said("spins", "a", uint64(3))
	said("spins", "b", uint64(5))
	said("spins", "s", "spinning")
	said("spins", "p", p)
	go spins(3, 5, "spinning", p)
	said("divides", "a", 7)
	said("divides", "b", 13)
	said("divides", "c", uint32(17))
	said("divides", "d", uint32(19))
	go divides(7, 13, 17, 19)
	said("moves", "a", [40]uint64{1, 2, 3})
	said("moves", "c", uint64(33))
	go moves([40]uint64{1, 2, 3}, block, 33)
	said("adds", "a", 71)
	said("adds", "b", 72)
	said("adds", "c", "seventy")
	said("deeper", "a", 81)
	said("deeper", "b", "eighty")
	said("calls", "a", 61)
	said("calls", "b", "sixty")
	go calls(61, "sixty")
	said("allocates", "a", 4711)
	said("allocates", "b", "allocating")
	go allocates(4711, "allocating")
	toldText("asks", "a", "time.Duration", "2400h0m0s")
	said("asks", "b", 51)
	go asks(2400*time.Hour, 51)
	said("swaps", "a", uint32(41))
	said("swaps", "b", uint32(42))
	go swaps(41, 42, &shared)
	said("compares", "a", "a string in which something else is searched for")
	said("compares", "b", "something else that is not there")
	said("compares", "n", -9)
	go compares("a string in which something else is searched for", "something else that is not there", -9)
	said("weighs", "a", 1.0625)
	said("weighs", "b", 0.25)
	said("weighs", "n", 99)
	go weighs(1.0625, 0.25, 99)
	said("inlines", "a", 21)
	said("inlines", "b", 22)
	said("squared", "t", 22)
	go inlines(21, 22)
}

func toldText(function, name, typ, text string) { line("main."+function, name, typ, text) }
