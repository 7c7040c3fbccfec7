// SPDX-License-Identifier: Apache-2.0

// One goroutine that blocks now here, now there, for some 200 to 300 ms, and says when: "T stepA", T
// of CLOCK_MONOTONIC in ns, just before it does.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"syscall"
	"time"
	"unsafe"
)

func monotonic() int64 {
	var ts syscall.Timespec
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}

var at [2]int64

//go:noinline
func stepA(c chan int) {
	at[0] = monotonic()
	<-c
}

//go:noinline
func stepB(c chan int) {
	at[1] = monotonic()
	<-c
}

func main() {
	c := make(chan int)
	go func() {
		for {
			stepA(c)
			stepB(c)
		}
	}()
	fmt.Println("ready", os.Getpid())
	for i := 0; ; i++ {
		time.Sleep(time.Duration(200+rand.Intn(100)) * time.Millisecond)
		fmt.Printf("%d step%c\n", at[i%2], 'A'+i%2)
		c <- 1
	}
}
