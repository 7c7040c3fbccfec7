// SPDX-License-Identifier: Apache-2.0

// The program that test_target.sh looks at: goroutines of several kinds, and it says itself what
// stands at the pcs it is given on stdin, one a line, in hexadecimal.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
)

type number interface{ ~int | ~float64 }

func sum[T number](v []T) (s T) {
	for _, x := range v {
		s += double(x)
	}
	return s
}

func double[T number](x T) T { return x + x }

type stack[T any] struct{ items []T }

func (s *stack[T]) push(x T) { s.items = append(s.items, x) }

func (s *stack[T]) each(f func(T)) {
	for _, x := range s.items {
		f(x)
	}
}

type shape interface{ area() int }
type square struct{ side int }

func (s square) area() int { return mul(s.side, s.side) }

func mul(a, b int) int { return a * b }

func deferred(mu *sync.Mutex, ch chan int) {
	mu.Lock()
	defer mu.Unlock()
	defer func() { recover() }()
	<-ch
}

var mu sync.Mutex

func work() int {
	st := &stack[int]{}
	for i := 0; i < 10; i++ {
		st.push(i)
	}
	total := 0
	st.each(func(x int) { total += x })
	s := []shape{square{2}, &square{3}}
	sort.Slice(s, func(i, j int) bool { return s[i].area() < s[j].area() })
	return total + sum([]int{1, 2, 3}) + int(sum([]float64{1, 2})) + s[0].area()
}

func tell(pc uint64) {
	// Frames are added for what a pc was inlined into only where another pc follows; 1 is none.
	frames := runtime.CallersFrames([]uintptr{uintptr(pc) + 1, 1})
	fmt.Printf("%x", pc)
	for i := 0; ; i++ {
		f, more := frames.Next()
		if f.Function != "" {
			if i > 0 {
				fmt.Print(" |")
			}
			fmt.Printf(" %s %s:%d", f.Function, f.File, f.Line)
		}
		if !more {
			break
		}
	}
	fmt.Println()
}

func main() {
	ch := make(chan int)
	var wg sync.WaitGroup
	wg.Add(1)
	for i := 0; i < 50; i++ {
		go func() { <-ch }()
		go deferred(&mu, ch)
		go wg.Wait()
	}
	fmt.Println("ready", work())
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		pc, err := strconv.ParseUint(strings.TrimSpace(in.Text()), 16, 64)
		if err != nil {
			break
		}
		tell(pc)
	}
	<-ch
}
