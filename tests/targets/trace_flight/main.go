//go:build go1.25

// trace_flight FILE: what a flight recorder kept, whose generations do not start at 1.
package main

import (
	"fmt"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

func step(wg *sync.WaitGroup, c chan int, i int) {
	defer wg.Done()
	if i%2 == 0 {
		c <- i
	} else {
		<-c
	}
}

func work(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var wg sync.WaitGroup
		c := make(chan int)
		for i := 0; i < 6; i++ {
			wg.Add(1)
			go step(&wg, c, i)
		}
		wg.Wait()
	}
}

func run(name string) error {
	fr := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 1500 * time.Millisecond})
	if err := fr.Start(); err != nil {
		return err
	}
	defer fr.Stop()
	work(2500 * time.Millisecond)
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := fr.WriteTo(f); err != nil {
		return err
	}
	return f.Close()
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
