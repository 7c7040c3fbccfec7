// Two goroutines of a test that lock the same two in turn; the test itself goes on.
package locks

import (
	"os"
	"sync"
	"testing"
	"time"
)

func lockBoth(first, second *sync.Mutex, done chan<- bool) {
	first.Lock()
	defer first.Unlock()
	time.Sleep(50 * time.Millisecond)
	second.Lock()
	defer second.Unlock()
	done <- true
}

func TestBoth(t *testing.T) {
	var a, b sync.Mutex
	done := make(chan bool, 2)
	go lockBoth(&a, &b, done)
	go lockBoth(&b, &a, done)
	for i := 0; i < 600; i++ {
		if _, err := os.Stat(os.Getenv("SUITE_UNTIL")); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}
