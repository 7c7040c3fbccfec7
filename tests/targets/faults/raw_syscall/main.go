// raw_syscall: a system call that keeps its processor
// want: starvation warning line=13,28
package main

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

func stuck(fd int, b []byte) {
	syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), 1)
}

func main() {
	var pipe [2]int
	runtime.GOMAXPROCS(1)
	for i := 0; i < 3; i++ {
		go func() {
			for {
				time.Sleep(time.Millisecond)
			}
		}()
	}
	syscall.Pipe(pipe[:])
	time.Sleep(100 * time.Millisecond)
	go stuck(pipe[0], make([]byte, 1))
	for {
		time.Sleep(time.Second)
	}
}
