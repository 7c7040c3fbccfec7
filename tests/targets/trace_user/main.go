// trace_user FILE: tasks, regions and logs, within and across generations (about one a second).
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/trace"
	"strings"
	"sync"
	"time"
)

func request(ctx context.Context, id int) {
	ctx, task := trace.NewTask(ctx, "request")
	defer task.End()
	trace.Logf(ctx, "id", "request %d", id)
	trace.WithRegion(ctx, "parse", func() { time.Sleep(200 * time.Microsecond) })
	trace.WithRegion(ctx, "query", func() {
		sub, t := trace.NewTask(ctx, "database")
		defer t.End()
		trace.WithRegion(sub, "lock", func() {
			trace.WithRegion(sub, "read", func() { time.Sleep(300 * time.Microsecond) })
		})
	})
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer trace.StartRegion(ctx, "render").End()
	}()
	wg.Wait()
}

// odd writes texts that a screen must not take as they are.
func odd(ctx context.Context) {
	for _, s := range []string{
		"", "ünïcödé → 漢字", "tab\tnewline\nescape\x1b[31mred\x1b[0m", "not utf-8 \xff\xfe\xc3",
		strings.Repeat("long ", 400), strings.Repeat("ä", 600) + "x", "nul\x00inside", `back\slash;semi`,
	} {
		trace.Log(ctx, s, s)
		trace.WithRegion(ctx, s, func() {})
		_, t := trace.NewTask(ctx, s)
		t.End()
	}
}

func long(ctx context.Context, d time.Duration, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, task := trace.NewTask(ctx, "over several generations")
	defer task.End()
	r := trace.StartRegion(ctx, "the whole time")
	for end := time.Now().Add(d); time.Now().Before(end); {
		trace.WithRegion(ctx, "step", func() { time.Sleep(40 * time.Millisecond) })
	}
	r.End()
}

func run() {
	ctx := context.Background()
	trace.Log(ctx, "no task", "in the background")
	var wg sync.WaitGroup
	wg.Add(2)
	go long(ctx, 2200*time.Millisecond, &wg)
	go long(ctx, 1200*time.Millisecond, &wg)
	for i := 0; i < 20; i++ {
		request(ctx, i)
	}
	odd(ctx)
	_, never := trace.NewTask(ctx, "never ended")
	_ = never
	trace.StartRegion(ctx, "never ended")
	wg.Wait()
	request(ctx, 100)
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, before := trace.NewTask(context.Background(), "begun before the trace")
	if err := trace.Start(f); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	before.End()
	run()
	trace.Stop()
}
