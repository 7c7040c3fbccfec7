// idle_pool_struct: the same, the channel three structs away
// want: none
package main

import "time"

type queue struct{ jobs chan func() }
type pool struct{ q *queue }
type server struct {
	name string
	pool *pool
}

func (p *pool) work() {
	for f := range p.q.jobs {
		f()
	}
}

func (s *server) run() {
	for {
		time.Sleep(6 * time.Second)
		s.pool.q.jobs <- func() {}
	}
}

func main() {
	s := &server{"a", &pool{&queue{make(chan func())}}}
	for i := 0; i < 4; i++ {
		go s.pool.work()
	}
	s.run()
}
