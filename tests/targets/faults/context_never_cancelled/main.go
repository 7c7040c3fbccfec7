// context_never_cancelled: the cancel function is thrown away
// want: leak warning line=11 kind=chan
package main

import (
	"context"
	"time"
)

func watch(ctx context.Context) {
	<-ctx.Done()
}

func start() {
	ctx, _ := context.WithCancel(context.Background())
	go watch(ctx)
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
