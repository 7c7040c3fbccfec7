package main

// static int twice(int x) { return 2 * x; }
import "C"

func init() { sum = int(C.twice(1)) }
