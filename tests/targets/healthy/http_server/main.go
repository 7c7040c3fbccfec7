// http_server: a web server with idle keep-alive clients
// want: none
package main

import (
	"io"
	"net"
	"net/http"
	"time"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
	}))
	for {
		for i := 0; i < 3; i++ {
			r, err := http.Get("http://" + l.Addr().String())
			if err == nil {
				io.Copy(io.Discard, r.Body)
				r.Body.Close()
			}
		}
		time.Sleep(4 * time.Second)
	}
}
