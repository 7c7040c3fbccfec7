// context_tree: children of a context that main may cancel
// want: none
package main

import (
	"context"
	"time"
)

type key int

func wait(ctx context.Context) {
	<-ctx.Done()
}

func start(parent context.Context) {
	for i := 0; i < 4; i++ {
		ctx, cancel := context.WithCancel(context.WithValue(parent, key(1), i))
		_ = cancel
		go wait(ctx)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	start(ctx)
	time.Sleep(9 * time.Second)
	cancel()
	for {
		time.Sleep(time.Second)
	}
}
