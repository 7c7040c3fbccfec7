// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"oracle.test/internal/trace"
)

// rssAnon is this process's anonymous resident memory in bytes.
func rssAnon() int64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		var kb int64
		if n, _ := fmt.Sscanf(line, "RssAnon: %d kB", &kb); n == 1 {
			return kb << 10
		}
	}
	return 0
}

func watchMemory(peak *int64, done <-chan struct{}) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if now := rssAnon(); now > atomic.LoadInt64(peak) {
			atomic.StoreInt64(peak, now)
		}
		select {
		case <-done:
			return
		case <-tick.C:
		}
	}
}

func runBench(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	var peak int64
	done := make(chan struct{})
	go watchMemory(&peak, done)
	begin := time.Now()
	n, err := readTrace(f, func(trace.Event, trace.Time) {})
	took := time.Since(begin)
	close(done)
	if err != nil {
		return err
	}
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return err
	}
	mb := float64(st.Size()) / 1e6
	fmt.Printf("%.1f MB/s  %.1f MB  %.2f s  cpu %.2f s  %d events  anon %.1f MB  maxrss %.1f MB\n",
		mb/took.Seconds(), mb, took.Seconds(),
		float64(ru.Utime.Nano()+ru.Stime.Nano())/1e9, n,
		float64(atomic.LoadInt64(&peak))/1e6, float64(ru.Maxrss)*1024/1e6)
	return nil
}
