// subscriber_left: a broker sends to one who is gone, with its lock held
// want: leak warning line=27 kind=chan
package main

import (
	"sync"
	"time"
)

type broker struct {
	mu   sync.Mutex
	subs []chan string
}

func (b *broker) subscribe() <-chan string {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan string)
	b.subs = append(b.subs, c)
	return c
}

func (b *broker) publish(s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.subs {
		c <- s
	}
}

func start() {
	b := new(broker)
	c := b.subscribe()
	go func() { <-c }()
	go func() {
		for i := 0; i < 3; i++ {
			b.publish("news")
		}
	}()
	time.Sleep(50 * time.Millisecond)
	go b.subscribe()
}

func main() {
	start()
	for {
		time.Sleep(time.Second)
	}
}
