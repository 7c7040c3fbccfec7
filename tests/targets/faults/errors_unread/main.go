// errors_unread: the error channel has room for one
// want: leak warning line=11 kind=chan n=2
package main

import (
	"fmt"
	"time"
)

func check(i int, errs chan<- error) {
	errs <- fmt.Errorf("check %d", i)
}

func all() error {
	errs := make(chan error)
	for i := 0; i < 3; i++ {
		go check(i, errs)
	}
	return <-errs
}

func main() {
	all()
	for {
		time.Sleep(time.Second)
	}
}
