// trace_locks FILE: contention on everything that package sync has, and waits that never end.
package main

import (
	"fmt"
	"os"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"
)

type cache struct {
	mu    sync.RWMutex
	items map[int]int
}

func (c *cache) get(k int) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	spin(100)
	return c.items[k]
}

func (c *cache) put(k, v int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	spin(2000)
	c.items[k] = v
}

var spun int64

func spin(n int) {
	for i := 0; i < n; i++ {
		atomic.AddInt64(&spun, 1)
	}
}

type queue struct {
	mu    sync.Mutex
	ready *sync.Cond
	items []int
}

func (q *queue) push(v int) {
	q.mu.Lock()
	q.items = append(q.items, v)
	q.mu.Unlock()
	if v%8 == 0 {
		q.ready.Broadcast()
	} else {
		q.ready.Signal()
	}
}

func (q *queue) pop() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.ready.Wait()
	}
	v := q.items[0]
	q.items = q.items[1:]
	return v
}

func all(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := 0; i < n; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			f(i)
		}(i)
	}
	wg.Wait()
}

func run() {
	var mu sync.Mutex
	all(8, func(i int) {
		for k := 0; k < 20; k++ {
			mu.Lock()
			spin(500)
			if k%10 == 0 {
				time.Sleep(50 * time.Microsecond)
			}
			mu.Unlock()
		}
	})
	c := &cache{items: map[int]int{}}
	all(8, func(i int) {
		for k := 0; k < 20; k++ {
			if (i+k)%4 == 0 {
				c.put(k, i)
			} else {
				c.get(k)
			}
		}
	})
	q := &queue{}
	q.ready = sync.NewCond(&q.mu)
	all(8, func(i int) {
		for k := 0; k < 30; k++ {
			if i < 4 {
				q.push(k)
			} else {
				q.pop()
			}
		}
	})
	var once sync.Once
	all(4, func(int) { once.Do(func() { time.Sleep(time.Millisecond) }) })
}

// stuck starts what waits for good: a pair that took two locks in opposite order, a nil channel,
// an empty select.
func stuck() {
	var a, b sync.Mutex
	pair := func(x, y *sync.Mutex) {
		x.Lock()
		time.Sleep(2 * time.Millisecond)
		y.Lock()
	}
	go pair(&a, &b)
	go pair(&b, &a)
	go func() { var c chan int; <-c }()
	go func() { var c chan int; c <- 1 }()
	go func() { select {} }()
	time.Sleep(10 * time.Millisecond)
}

func main() {
	f, err := os.Create(os.Args[1])
	if err == nil {
		err = trace.Start(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	run()
	stuck()
	trace.Stop()
}
