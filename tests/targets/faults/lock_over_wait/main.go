// lock_over_wait: with the lock it waits for a queue that only those behind the lock would empty, or for an hour
// want: held-lock warning likely line=26 kind=mutex
// config: held = 2
package main

import (
	"context"
	"sync"
	"time"
)

type pool struct {
	mu   sync.Mutex
	jobs chan int
	made int
}

var cancel context.CancelFunc

func (p *pool) put(ctx context.Context, job int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made += job

	// the queue is full
	select {
	case p.jobs <- job:
	case <-ctx.Done():
	}
}

func (p *pool) take() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made--
	return <-p.jobs
}

func main() {
	var ctx context.Context

	ctx, cancel = context.WithTimeout(context.Background(), time.Hour)
	p := &pool{jobs: make(chan int, 1)}
	p.put(ctx, 1)
	go p.put(ctx, 2)
	time.Sleep(100 * time.Millisecond)
	go func() { println(p.take()) }()
	for {
		time.Sleep(time.Second)
	}
}
