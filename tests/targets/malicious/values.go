package main

import (
	"time"
	"unsafe"
)

// Values in frames that are not what they say.

type node struct {
	next *node
	prev **node
	self interface{}
	text string
}

type header struct {
	ptr      unsafe.Pointer
	len, cap word
}

type face struct {
	typ, data unsafe.Pointer
}

//go:noinline
func show(c chan int, text string, huge []node, list *node, any interface{}, err error, m map[string]*node, deep ***node) {
	<-c
	println(text, len(huge), list, any, err, m, deep)
}

// forgedType is a type whose every word leads back to itself, of the kind given.
func forgedType(kind byte) unsafe.Pointer {
	at := forge(64, func(at uintptr, i int) word { return word(at) })
	b := (*[64]byte)(unsafe.Pointer(at))
	*(*word)(unsafe.Pointer(at)) = 1 << 60 // size
	b[23] = kind
	return unsafe.Pointer(at)
}

func forgedFace(kind byte) (v interface{}) {
	f := (*face)(unsafe.Pointer(&v))
	f.typ = forgedType(kind)
	f.data = f.typ
	return v
}

func forgedError() (v error) {
	f := (*face)(unsafe.Pointer(&v))
	f.typ = forgedType(22)
	f.data = f.typ
	return v
}

func forgedMap() (m map[string]*node) {
	at := forge(64, func(at uintptr, i int) word {
		if i == 0 {
			return 1 << 61
		}
		return word(at)
	})
	*(*uintptr)(unsafe.Pointer(&m)) = at
	return m
}

// liars start goroutines whose variables lie, for the mode of that name.
func liars(name string) {
	if name != "values" {
		return
	}
	c := make(chan int)
	n := &node{text: escapes}
	n.next, n.self = n, n
	n.prev = &n.next
	p := &n.next
	text, huge := escapes, []node{*n}
	(*header)(unsafe.Pointer(&huge)).len = 1 << 60
	(*header)(unsafe.Pointer(&huge)).cap = 1 << 61
	for kind := byte(1); kind <= 26; kind++ {
		long := text
		if kind%2 == 0 {
			(*header)(unsafe.Pointer(&long)).len = 1 << 50
		}
		go show(c, long, huge, n, forgedFace(kind), forgedError(), forgedMap(), &p)
		go show(c, long, nil, n, forgedFace(kind|1<<5), nil, nil, (***node)(unsafe.Pointer(&p)))
	}
	time.Sleep(50 * time.Millisecond)
}
