// SPDX-License-Identifier: Apache-2.0

// A web server and its clients, to measure on:
//
//	web [-clients N] [-rate N] [-report MS] [-procs P]
//
// The clients are another process, which asks over loopback: as fast as it is answered, or so many
// requests a second in all, each client at its own pace. Prints
// "ready PID" and then, each -report ms, a line of numbers as tests/targets/load does:
//
//	t_ms requests 0 goroutines max_gap_us cpu_ms
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var (
	served int64
	mu     sync.Mutex
	hits   = map[string]int{}
)

func serve(w http.ResponseWriter, r *http.Request) {
	done := make(chan int, 1)
	go func() {
		mu.Lock()
		hits[r.URL.Path]++
		n := hits[r.URL.Path]
		mu.Unlock()
		done <- n
	}()
	json.NewEncoder(w).Encode(map[string]interface{}{"path": r.URL.Path, "hits": <-done})
	atomic.AddInt64(&served, 1)
}

func ask(url string, every time.Duration) {
	c := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	for next := time.Now(); ; next = next.Add(every) {
		time.Sleep(time.Until(next))
		r, err := c.Get(url)
		if err != nil {
			os.Exit(0)
		}
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
}

func cpu() int64 {
	var ru syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return (ru.Utime.Nano() + ru.Stime.Nano()) / 1000
}

// Puts a process on the second processor, where who measures has put us on the first.
func elsewhere(pid int) {
	var mask [16]uint64
	syscall.Syscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)))
	if mask[0] != 1 {
		return
	}
	mask[0] = 2
	tasks, _ := os.ReadDir(fmt.Sprint("/proc/", pid, "/task"))
	for _, t := range tasks {
		var tid uintptr
		fmt.Sscan(t.Name(), &tid)
		syscall.Syscall(syscall.SYS_SCHED_SETAFFINITY, tid, unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)))
	}
}

func main() {
	clients := flag.Int("clients", 8, "")
	rate := flag.Int("rate", 0, "")
	report := flag.Int("report", 1000, "")
	procs := flag.Int("procs", 1, "")
	url := flag.String("url", "", "")
	flag.Parse()
	runtime.GOMAXPROCS(*procs)
	if *url != "" {
		every := time.Duration(0)
		if *rate > 0 {
			every = time.Second * time.Duration(*clients) / time.Duration(*rate)
		}
		for i := 1; i < *clients; i++ {
			go ask(*url, every)
			time.Sleep(every / time.Duration(*clients))
		}
		ask(*url, every)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(serve))
	peer := exec.Command("/proc/self/exe", "-clients", fmt.Sprint(*clients), "-rate", fmt.Sprint(*rate), "-url", "http://"+l.Addr().String()+"/a")
	peer.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	if err := peer.Start(); err != nil {
		panic(err)
	}
	elsewhere(peer.Process.Pid)
	fmt.Println("ready", os.Getpid())
	began, before, used := time.Now(), int64(0), cpu()
	for {
		time.Sleep(time.Duration(*report) * time.Millisecond)
		now, n, c := time.Now(), atomic.LoadInt64(&served), cpu()
		fmt.Println(now.Sub(began).Milliseconds(), n-before, 0, runtime.NumGoroutine(), 0, float64(c-used)/1000)
		began, before, used = now, n, c
	}
}
