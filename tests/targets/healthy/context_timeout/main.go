// context_timeout: it waits for a context that ends in an hour
// want: none
package main

import (
	"context"
	"time"
)

func wait(ctx context.Context) {
	<-ctx.Done()
}

func start() {
	ctx, _ := context.WithTimeout(context.Background(), time.Hour)
	go wait(ctx)
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
