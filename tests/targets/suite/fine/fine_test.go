package fine

import (
	"os"
	"testing"
	"time"
)

func TestFine(t *testing.T) {
	time.Sleep(700 * time.Millisecond)
	if os.Getenv("SUITE_FAILS") != "" {
		t.Fatal("as it was told")
	}
}
