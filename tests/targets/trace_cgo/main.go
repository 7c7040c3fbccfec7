// trace_cgo FILE: threads made by C that call into Go, some for the first time, some again.
package main

/*
#include <pthread.h>
#include <unistd.h>

extern void goCallback(int id);

static void *call_go(void *arg)
{
	for (int i = 0; i < 3; i++)
		goCallback((int)(long)arg);
	return 0;
}

static void run_threads(int n)
{
	pthread_t t[16];

	for (int i = 0; i < n; i++)
		pthread_create(&t[i], 0, call_go, (void *)(long)i);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], 0);
}

static void c_nap(int us) { usleep(us); }
static void c_back(int id) { goCallback(id); }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

var (
	mu    sync.Mutex
	calls int
)

//export goCallback
func goCallback(id C.int) {
	mu.Lock()
	calls++
	mu.Unlock()
	time.Sleep(time.Duration(id) * 100 * time.Microsecond)
}

func run() {
	for i := 0; i < 4; i++ {
		C.run_threads(4)
	}
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			C.c_nap(2000)
			C.c_back(C.int(i))
		}(i)
	}
	wg.Wait()
}

func main() {
	C.run_threads(2)
	f, err := os.Create(os.Args[1])
	if err == nil {
		err = trace.Start(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	run()
	trace.Stop()
}
