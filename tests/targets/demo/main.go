// A small shop: clients order over TCP, orders pass through a pipeline, prices come from a cache,
// a pool of workers packs parcels, a journal is kept. It runs for a few seconds and records its own
// execution trace, for people to look at in bingo-top. Three things in it are wrong.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"os"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"
)

type Order struct {
	ID    int    `json:"id"`
	Item  string `json:"item"`
	Count int    `json:"count"`
	Price int    `json:"price"`
}

// Prices is a cache with one lock for all readers and writers.
type Prices struct {
	mu    sync.Mutex
	cents map[string]int
}

func (p *Prices) lookup(item string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.cents[item]; !ok {
		p.cents[item] = p.compute(item) // slow, and everybody waits for it
	}
	return p.cents[item]
}

func (p *Prices) compute(item string) int {
	cents := 0
	for i := 0; i < 3_000_000; i++ {
		cents = (cents*31 + int(item[i%len(item)])) % 10_007
	}
	return cents
}

func (p *Prices) expire(every time.Duration) {
	for range time.Tick(every) {
		p.mu.Lock()
		p.cents = make(map[string]int)
		p.mu.Unlock()
	}
}

// Pool packs parcels: few workers, and a short queue in front of them.
type Pool struct {
	jobs chan Order
	done chan<- Order
}

func NewPool(workers int, done chan<- Order) *Pool {
	p := &Pool{jobs: make(chan Order, 2), done: done}
	for i := 0; i < workers; i++ {
		go p.work()
	}
	return p
}

func (p *Pool) put(o Order) { p.jobs <- o }

func (p *Pool) work() {
	for o := range p.jobs {
		time.Sleep(time.Duration(2+rand.Intn(6)) * time.Millisecond) // tape, paper, string
		p.done <- o
	}
}

// conn is one client's connection.
type conn struct {
	net.Conn
	orders chan<- Order
}

func (c *conn) read(r *bufio.Reader) (o Order, err error) {
	line, err := r.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &o)
	}
	return o, err
}

func (c *conn) serve() {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		o, err := c.read(r)
		if err != nil {
			return
		}
		c.orders <- o
		fmt.Fprintf(c, "order %d taken\n", o.ID)
	}
}

func accept(ln net.Listener, orders chan<- Order) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go (&conn{c, orders}).serve()
	}
}

// price is a stage of the pipeline: one of several that read the same channel.
func price(in <-chan Order, out chan<- Order, prices *Prices) {
	for o := range in {
		ctx, task := trace.NewTask(context.Background(), "price")
		trace.WithRegion(ctx, "lookup", func() {
			o.Price = o.Count * prices.lookup(o.Item)
		})
		task.End()
		out <- o
	}
}

func dispatch(in <-chan Order, pool *Pool, mail *Mailer) {
	for o := range in {
		pool.put(o)
		if o.ID%8 == 0 {
			mail.confirm(o)
		}
	}
}

// Mailer asks a mail server to confirm an order, and gives up too soon.
type Mailer struct{}

func (m *Mailer) confirm(o Order) {
	answer := make(chan error)
	go m.send(o, answer)
	select {
	case <-answer:
	case <-time.After(time.Millisecond):
	}
}

func (m *Mailer) send(o Order, answer chan<- error) {
	time.Sleep(5 * time.Millisecond)
	answer <- nil // nobody listens any more: this goroutine stays for good
}

// Account is locked while money moves.
type Account struct {
	mu    sync.Mutex
	cents int
}

func (from *Account) transfer(to *Account, cents int) {
	from.mu.Lock()
	defer from.mu.Unlock()
	time.Sleep(3 * time.Millisecond) // the bank thinks
	to.mu.Lock()                     // the other way round, this waits for itself
	defer to.mu.Unlock()
	from.cents -= cents
	to.cents += cents
}

func settle(shop, supplier *Account, closing time.Duration) {
	time.Sleep(closing)
	go shop.transfer(supplier, 500)
	go supplier.transfer(shop, 20)
}

// journal writes what was sent to a file, a batch at a time.
func journal(f *os.File, sent <-chan Order, report <-chan time.Time) {
	w := bufio.NewWriter(f)
	for count := 0; ; {
		select {
		case o := <-sent:
			count++
			json.NewEncoder(w).Encode(o)
		case <-report:
			w.Flush()
			f.Sync()
			log.Printf("%d parcels sent", count)
		}
	}
}

func client(addr string, name int, pause time.Duration) {
	c := must(net.Dial("tcp", addr))
	answers := bufio.NewReader(c)
	for id := name; ; id += 8 {
		item := []string{"lamp", "chair", "kettle", "clock", "mirror"}[rand.Intn(5)]
		json.NewEncoder(c).Encode(Order{ID: id, Item: item, Count: 1 + id%3})
		if _, err := answers.ReadString('\n'); err != nil {
			return
		}
		time.Sleep(pause + time.Duration(rand.Int63n(int64(pause))))
	}
}

func run(ln net.Listener, file *os.File) {
	orders, priced, sent := make(chan Order), make(chan Order, 4), make(chan Order)
	prices := &Prices{cents: make(map[string]int)}
	pool := NewPool(2, sent)

	go accept(ln, orders)
	for i := 0; i < 4; i++ {
		go price(orders, priced, prices)
	}
	go dispatch(priced, pool, &Mailer{})
	go prices.expire(120 * time.Millisecond)
	go journal(file, sent, time.Tick(250*time.Millisecond))
	go settle(&Account{cents: 10_000}, &Account{}, time.Second)
	for i := 0; i < 8; i++ {
		go client(ln.Addr().String(), i, 12*time.Millisecond)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func main() {
	out := flag.String("trace", "demo.trace", "where to write the trace to; empty: nowhere")
	duration := flag.Duration("for", 3500*time.Millisecond, "how long to run")
	flag.Parse()
	log.SetOutput(io.Discard)

	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	file := must(os.CreateTemp("", "journal"))
	defer os.Remove(file.Name())

	// Lines of the bundled trace are counted here: keep them where they are.
	stop := record(*out)
	run(ln, file)
	time.Sleep(*duration)
	stop()
}

// record traces into a file until stop is called; without a name it does nothing.
func record(name string) (stop func()) {
	if name == "" {
		return func() {}
	}
	f := must(os.Create(name))
	trace.Start(f)
	pprof.StartCPUProfile(io.Discard)
	return func() {
		pprof.StopCPUProfile()
		trace.Stop()
		f.Close()
	}
}
