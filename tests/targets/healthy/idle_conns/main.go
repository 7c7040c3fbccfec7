// idle_conns: each connection has a reader and a writer that waits for something to write
// want: none
package main

import (
	"net"
	"time"
)

type conn struct {
	c    net.Conn
	send chan []byte
}

func (c *conn) read() {
	buf := make([]byte, 64)
	for {
		n, err := c.c.Read(buf)
		if err != nil {
			close(c.send)
			return
		}
		c.send <- buf[:n]
	}
}

func (c *conn) write() {
	for b := range c.send {
		c.c.Write(b)
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var held []net.Conn
	for i := 0; i < 5; i++ {
		d, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		a, err := l.Accept()
		if err != nil {
			panic(err)
		}
		held = append(held, d)
		c := &conn{a, make(chan []byte)}
		go c.read()
		go c.write()
	}
	for {
		time.Sleep(time.Second)
		held[0].Write([]byte("x"))
	}
}
