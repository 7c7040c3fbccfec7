//go:build go1.23
// +build go1.23

package main

import "iter"

func coroutine() {
	next, stop := iter.Pull(func(yield func(int) bool) {
		defer func() { <-make(chan int) }()
		yield(1)
	})
	next()
	stop()
}

func coroutineParked() {
	next, _ := iter.Pull(func(yield func(int) bool) { yield(1) })
	next()
	keep = append(keep, next)
	<-make(chan int)
}

func init() { more = append(more, coroutine, coroutineParked) }
