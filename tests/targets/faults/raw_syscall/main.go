// raw_syscall: a system call that keeps its processor
// want: starvation warning line=14,22
package main

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

func stuck() {
	ts := syscall.Timespec{Sec: 3600}
	syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
}

func main() {
	runtime.GOMAXPROCS(1)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				time.Sleep(time.Millisecond)
			}
		}()
	}
	time.Sleep(100 * time.Millisecond)
	go stuck()
	for {
		time.Sleep(time.Second)
	}
}
