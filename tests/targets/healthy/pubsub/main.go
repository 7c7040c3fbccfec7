// pubsub: subscribers whose channels are in a map
// want: none
package main

import (
	"sync"
	"time"
)

type broker struct {
	mu   sync.Mutex
	subs map[string][]chan string
}

func (b *broker) subscribe(topic string) <-chan string {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan string, 1)
	b.subs[topic] = append(b.subs[topic], c)
	return c
}

func (b *broker) publish(topic, s string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.subs[topic] {
		select {
		case c <- s:
		default:
		}
	}
}

func listen(c <-chan string) {
	for range c {
	}
}

func main() {
	b := &broker{subs: map[string][]chan string{}}
	for i := 0; i < 4; i++ {
		go listen(b.subscribe("news"))
	}
	for {
		time.Sleep(6 * time.Second)
		b.publish("news", "x")
	}
}
