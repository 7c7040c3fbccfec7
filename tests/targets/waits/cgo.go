//go:build cgo
// +build cgo

package main

/*
#include <unistd.h>
static void c_pause(void) { for (;;) pause(); }
static void c_call(void (*fn)(void)) { fn(); }
void goFromC(void);
static void c_back(void) { c_call(goFromC); }
*/
import "C"

func cgoPause()    { C.c_pause() }
func cgoCallback() { C.c_back() }

//export goFromC
func goFromC() { <-make(chan int) }

func init() { more = append(more, cgoPause, cgoCallback) }
