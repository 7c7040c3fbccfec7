// trace_syscall FILE: system calls, short and long, whose processor is taken away meanwhile.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func nap(d time.Duration) {
	ts := syscall.NsecToTimespec(int64(d))
	syscall.Nanosleep(&ts, nil)
}

func quick(n int) {
	for i := 0; i < n; i++ {
		syscall.Getppid()
		var st syscall.Stat_t
		syscall.Stat("/", &st)
	}
}

func readPipe(fd int, wg *sync.WaitGroup) {
	defer wg.Done()
	var b [8]byte
	for {
		n, err := syscall.Read(fd, b[:])
		if n <= 0 || err != nil {
			return
		}
	}
}

func writePipe(fd int, n int) {
	for i := 0; i < n; i++ {
		syscall.Write(fd, []byte("12345678"))
		nap(100 * time.Microsecond)
	}
	syscall.Close(fd)
}

func busy(stop *int32) {
	for atomic.LoadInt32(stop) == 0 {
	}
}

func run() error {
	var stop int32
	for i := 0; i < 2*runtime.GOMAXPROCS(0); i++ {
		go busy(&stop)
	}
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		return err
	}
	var wg sync.WaitGroup
	wg.Add(4)
	go readPipe(p[0], &wg)
	go writePipe(p[1], 60)
	go func() { defer wg.Done(); quick(200) }()
	go func() {
		defer wg.Done()
		runtime.LockOSThread()
		for i := 0; i < 20; i++ {
			nap(time.Millisecond)
			runtime.Gosched()
		}
	}()
	go func() {
		defer wg.Done()
		for i := 0; i < 50; i++ {
			f, err := os.CreateTemp("", "trace_syscall")
			if err != nil {
				panic(err)
			}
			io.WriteString(f, "text")
			f.Close()
			os.Remove(f.Name())
		}
	}()
	wg.Wait()
	atomic.StoreInt32(&stop, 1)
	return nil
}

func main() {
	f, err := os.Create(os.Args[1])
	if err == nil {
		err = trace.Start(f)
	}
	if err == nil {
		err = run()
		trace.Stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
