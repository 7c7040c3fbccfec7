// SPDX-License-Identifier: Apache-2.0

// Uses every type whose layout is read, so that the linker keeps its DWARF.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime/pprof"
	"sync"
	"time"
)

type all struct {
	mu   sync.Mutex
	rw   sync.RWMutex
	wg   sync.WaitGroup
	cond *sync.Cond
	once sync.Once
}

func main() {
	a := new(all)
	a.cond = sync.NewCond(&a.mu)
	a.once.Do(func() { fmt.Println("once") })
	a.wg.Add(1)
	go func() {
		a.mu.Lock()
		a.cond.Broadcast()
		a.mu.Unlock()
		a.rw.RLock()
		a.rw.RUnlock()
		a.wg.Done()
	}()
	a.wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	pprof.Do(ctx, pprof.Labels("key", "value"), func(ctx context.Context) {
		select {
		case <-ctx.Done():
		case <-time.NewTicker(time.Second).C:
		}
	})
	m := map[string]int{}
	for i, s := range os.Args {
		m[s] = i
	}
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		fmt.Println(l.Addr(), m, a)
		l.Close()
	}
}
