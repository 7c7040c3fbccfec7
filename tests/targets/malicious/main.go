// malicious is a program that lies about itself:
//
//	malicious [-hold | -late] [-symbols FILE] MODE
//
// It finds the runtime's own variables by its symbols and DWARF (of FILE, where its own are taken
// out). For half a second it is as others are; then it writes what MODE says over them, a tenth of
// a second long, puts back what was there for as long, and so on. With -late it leaves it, with -hold
// it lies from the start. It prints "ready PID". MODE "list" prints all modes.
//
// Its own runtime must not stumble: there is no collection, no preemption, and the one thread that
// works makes raw system calls alone.
package main

import (
	"context"
	"debug/dwarf"
	"debug/elf"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

const (
	goroutines = 40
	early      = 500000000 // ns
	moment     = 100000000
	spare      = 1 << 17
	// What a terminal would obey, with what is no UTF-8.
	escapes = "evil\x1b]0;OWNED\x07\x1b[666m\x9b2J\x07\x08\x7f\u202e\xff\xc0\x80"
)

type word = uint64

// poke is one word of the program's own memory and what is to stand there.
type poke struct {
	at  uintptr
	mad word
}

var (
	symbols map[string]uintptr
	types   map[string]*dwarf.StructType
	pokes   []poke
	arena   []word // where forged things lie
	mutex   sync.Mutex
	cond    = sync.NewCond(&sync.Mutex{})
	group   sync.WaitGroup
	full    = make(chan string)
	buffer  = make(chan int, 8)
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// --- what the program knows of itself ---

func learn(file string) {
	f, err := elf.Open(file)
	check(err)
	defer f.Close()
	list, err := f.Symbols()
	check(err)
	symbols = map[string]uintptr{}
	for _, s := range list {
		symbols[s.Name] = uintptr(s.Value)
	}
	data, err := f.DWARF()
	check(err)
	types = map[string]*dwarf.StructType{}
	r := data.Reader()
	for e, err := r.Next(); e != nil && err == nil; e, err = r.Next() {
		name, _ := e.Val(dwarf.AttrName).(string)
		if e.Tag != dwarf.TagStructType {
			continue
		}
		switch name {
		case "runtime.g", "runtime.m", "runtime.p", "runtime.sudog", "runtime.hchan", "runtime._defer",
			"runtime.schedt", "runtime.moduledata", "runtime.mheap", "runtime.notifyList", "sync.Mutex":
			if t, err := data.Type(e.Offset); err == nil {
				types[name], _ = t.(*dwarf.StructType)
			}
		}
	}
}

func symbol(name string) uintptr {
	at, ok := symbols[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no symbol", name)
		os.Exit(1)
	}
	return at
}

// offset of a field; a name with dots leads into structs; -1: this version has none.
func offset(typ string, field ...string) int {
	t := types[typ]
	at := 0
	for i, name := range field {
		var found *dwarf.StructField
		for _, f := range t.Field {
			if f.Name == name {
				found = f
			}
		}
		if found == nil {
			return -1
		}
		at += int(found.ByteOffset)
		if i+1 < len(field) {
			t, _ = found.Type.(*dwarf.StructType)
			if t == nil {
				return -1
			}
		}
	}
	return at
}

func peek(at uintptr) word { return *(*word)(unsafe.Pointer(at)) }

func lie(at uintptr, mad word) { pokes = append(pokes, poke{at, mad}) }

func lieAt(base uintptr, off int, mad word) {
	if off >= 0 {
		lie(base+uintptr(off), mad)
	}
}

// forge makes room for n words in the arena, each with what fill says.
func forge(n int, fill func(at uintptr, i int) word) uintptr {
	at := uintptr(unsafe.Pointer(&arena[0]))
	for i := 0; i < n; i++ {
		arena[i] = fill(at, i)
	}
	arena = arena[n:]
	return at
}

func allgs() []uintptr {
	var list []uintptr
	ptr, n := uintptr(peek(symbol("runtime.allgptr"))), peek(symbol("runtime.allglen"))
	for i := word(0); i < n; i++ {
		list = append(list, uintptr(peek(ptr+uintptr(i)*8)))
	}
	return list
}

// waiting calls f with each goroutine that has sudogs, and the first of them.
func waiting(f func(g, sudog uintptr)) {
	off := offset("runtime.g", "waiting")
	for _, g := range allgs() {
		if s := uintptr(peek(g + uintptr(off))); s != 0 {
			f(g, s)
		}
	}
}

// roots calls f with each root of the treaps of locks that are waited for.
func roots(f func(at, root uintptr)) {
	table := symbol("runtime.semtable")
	for i := uintptr(0); i < 251; i++ {
		at := table + i*64 + 8
		if root := uintptr(peek(at)); root != 0 {
			f(at, root)
		}
	}
}

// sudogChan is the channel of a sudog; since Go 1.26 the pointer is two words.
func sudogChan(s uintptr) (at, c uintptr) {
	at = s + uintptr(offset("runtime.sudog", "c"))
	for i := uintptr(0); i < 16; i += 8 {
		if v := uintptr(peek(at + i)); v > 1<<20 {
			return at + i, v
		}
	}
	return at, 0
}

func channels(f func(c uintptr)) {
	seen := map[uintptr]bool{}
	waiting(func(_, s uintptr) {
		if _, c := sudogChan(s); c != 0 && !seen[c] {
			seen[c] = true
			f(c)
		}
	})
}

func reserve(bytes uintptr) uintptr {
	p, _, e := syscall.Syscall6(syscall.SYS_MMAP, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE, ^uintptr(0), 0)
	if e != 0 {
		check(e)
	}
	return p
}

// --- the lies ---

type mode struct {
	name string
	do   func()
}

var seed = word(88172645463325252)

func random() word {
	seed ^= seed << 13
	seed ^= seed >> 7
	seed ^= seed << 17
	return seed
}

func listed(ptr uintptr, n word) func() {
	return func() {
		if ptr != 0 {
			lie(symbol("runtime.allgptr"), word(ptr))
			lie(symbol("runtime.allgs"), word(ptr))
		}
		lie(symbol("runtime.allglen"), n)
		lie(symbol("runtime.allgs")+8, n)
	}
}

// sparse has more goroutines than there is memory; of few pages, which are never written to.
func sparse() {
	at := reserve(16 << 30)
	listed(at, 16<<20)()
}

// crowd lists addresses that all may be goroutines, in a mapping that nobody has touched.
func crowd() {
	n := uintptr(16 << 20)
	list, where := reserve(n*8), reserve(n*512)
	for i := uintptr(0); i < n; i++ {
		*(*word)(unsafe.Pointer(list + i*8)) = word(where + i*512)
	}
	listed(list, word(n))()
}

func eachG(field string, f func(i int) word) {
	for i, g := range allgs() {
		lieAt(g, offset("runtime.g", field), f(i))
	}
}

func stacks(lo, hi word) func() {
	return func() {
		for _, g := range allgs() {
			lieAt(g, offset("runtime.g", "stack", "lo"), lo)
			lieAt(g, offset("runtime.g", "stack", "hi"), hi)
			lieAt(g, offset("runtime.g", "sched", "sp"), lo+64)
		}
	}
}

func deferCycle() {
	link := offset("runtime._defer", "link")
	a := forge(32, func(at uintptr, _ int) word { return word(at) })
	b := forge(32, func(at uintptr, i int) word {
		if i*8 == link {
			return word(a)
		}
		return random()
	})
	*(*word)(unsafe.Pointer(a + uintptr(link))) = word(b)
	eachG("_defer", func(int) word { return word(a) })
}

func treapCycle(field string) func() {
	return func() {
		roots(func(at, root uintptr) {
			lieAt(root, offset("runtime.sudog", field), word(root))
		})
	}
}

// treapForged has sudogs that all lead to each other, and claim to wait for one address.
func treapForged() {
	n := 32
	size := 16
	first := uintptr(0)
	at := forge(n*size, func(at uintptr, i int) word {
		if first == 0 {
			first = at
		}
		return word(at) + word((i*7%n)*size*8)
	})
	table := symbol("runtime.semtable")
	for i := uintptr(0); i < 251; i++ {
		lie(table+i*64+8, word(at))
		lie(table+i*64+16, 1<<31)
	}
}

func sudogCycle(field string) func() {
	return func() {
		waiting(func(_, s uintptr) { lieAt(s, offset("runtime.sudog", field), word(s)) })
	}
}

func waitqCycle() {
	channels(func(c uintptr) {
		for _, q := range []string{"recvq", "sendq"} {
			at := offset("runtime.hchan", q)
			s := peek(c + uintptr(at))
			if s != 0 {
				lieAt(uintptr(s), offset("runtime.sudog", "next"), s)
				lieAt(uintptr(s), offset("runtime.sudog", "prev"), s)
			}
		}
	})
}

func chanCounts(count, size, elem word) func() {
	return func() {
		channels(func(c uintptr) {
			lie(c, count)
			lie(c+8, size)
			lieAt(c, offset("runtime.hchan", "elemsize"), elem)
			lieAt(c, offset("runtime.hchan", "elemtype"), elem|word(c))
		})
	}
}

func notifyCycle() {
	at := uintptr(unsafe.Pointer(cond))
	for i := uintptr(0); i < 64; i += 8 {
		v := uintptr(peek(at + i))
		if v&7 == 0 && v > 1<<20 && v < 1<<47 && i > 16 {
			lieAt(v, offset("runtime.sudog", "next"), word(v))
		}
	}
}

// labelsForged works for the map of old versions and for the list of new ones.
func labelsForged(n word) func() {
	return func() {
		text := forge(16, func(_ uintptr, i int) word { return 0x1b5b324a1b5d303b + word(i) })
		a := forge(1024, func(at uintptr, i int) word {
			switch i % 4 {
			case 0, 2:
				return word(text)
			default:
				return n
			}
		})
		head := forge(16, func(at uintptr, i int) word {
			if i == 0 {
				return word(a)
			}
			return n
		})
		eachG("labels", func(int) word { return word(head) })
	}
}

func threadCycle() {
	m := uintptr(peek(symbol("runtime.allm")))
	lieAt(m, offset("runtime.m", "alllink"), word(m))
}

func reasonsForged() {
	at := symbol("runtime.waitReasonStrings")
	text := escapes
	for i := uintptr(0); i < 30; i++ {
		lie(at+i*16, *(*word)(unsafe.Pointer(&text)))
		lie(at+i*16+8, word(len(text)))
	}
}

func reasonsHuge() {
	at := symbol("runtime.waitReasonStrings")
	for i := uintptr(0); i < 30; i++ {
		lie(at+i*16+8, 1<<50)
	}
}

// tablesForged says that the function table is elsewhere, or endless.
func tablesForged() {
	at := symbol("runtime.firstmoduledata")
	for i := uintptr(0); i < 22; i++ {
		lie(at+i*8, random()>>(random()%40))
	}
}

func tablesHuge() {
	at := symbol("runtime.firstmoduledata")
	for i := uintptr(0); i < 7; i++ {
		lie(at+8+i*24+8-8, 1<<50)
	}
}

func heapForged() {
	at := symbol("runtime.mheap_")
	for _, f := range [][]string{{"allspans"}, {"sweepArenas"}, {"allArenas"}, {"heapArenas"}, {"arenas"}} {
		off := offset("runtime.mheap", f...)
		if off >= 0 {
			lieAt(at, off, 0x7f0000000000)
			lieAt(at, off+8, 1<<60)
		}
	}
}

// chaos writes anything over anything that the scan reads, as each seed says.
func chaos(n word) func() {
	return func() {
		seed += n * 0x9e3779b97f4a7c15
		gs := allgs()
		for i := 0; i < 400; i++ {
			random()
			g := gs[random()%word(len(gs))]
			mad := random() >> (random() % 64)
			if random()%3 == 0 { // the address of another
				mad = word(gs[random()%word(len(gs))]) + random()%64*8
			}
			lie(g+uintptr(random()%50)*8, mad)
		}
		waiting(func(_, s uintptr) {
			lie(s+uintptr(random()%12)*8, word(gs[random()%word(len(gs))])+random()%64*8)
			lie(s+uintptr(random()%12)*8, random())
		})
		channels(func(c uintptr) {
			for i := uintptr(0); i < 12; i++ {
				if random()%3 == 0 {
					lie(c+i*8, random()>>(random()%64))
				}
			}
		})
	}
}

var modes = []mode{
	{"sane", func() {}},
	{"allglen-1e9", listed(0, 1000000000)},
	{"allglen-2^62", listed(0, 1<<62)},
	{"allgs-unmapped", listed(0xdead000, 1000)},
	{"allgs-kernel", listed(^uintptr(0xfff), 1000)},
	{"allgs-sparse", sparse},
	{"allgs-crowd", crowd},
	{"goid-same", func() { eachG("goid", func(int) word { return 7 }) }},
	{"goid-huge", func() { eachG("goid", func(i int) word { return ^word(i) }) }},
	{"status", func() { eachG("atomicstatus", func(i int) word { return word(i) * 0x10001 }) }},
	{"stack-whole", stacks(0, 1<<63)},
	{"stack-upside-down", stacks(1<<46, 4096)},
	{"stack-unmapped", stacks(0xdead0000, 0xdead0000+1<<30)},
	{"defer-cycle", deferCycle},
	{"treap-next", treapCycle("next")},
	{"treap-prev", treapCycle("prev")},
	{"treap-waitlink", treapCycle("waitlink")},
	{"treap-forged", treapForged},
	{"sudog-waitlink", sudogCycle("waitlink")},
	{"sudog-next", sudogCycle("next")},
	{"waitq-cycle", waitqCycle},
	{"notify-cycle", notifyCycle},
	{"chan-count", chanCounts(1<<40, 8, 8)},
	{"chan-size", chanCounts(1<<60, 1<<60, 0xffff)},
	{"labels-count", labelsForged(1 << 62)},
	{"labels-long", labelsForged(100)},
	{"threads-cycle", threadCycle},
	{"reasons-escapes", reasonsForged},
	{"reasons-huge", reasonsHuge},
	{"tables", tablesForged},
	{"tables-huge", tablesHuge},
	{"heap", heapForged},
	{"values", func() {}},
	{"unmapping", nil},
	{"labels-churn", nil},
	{"chaos-1", chaos(1)},
	{"chaos-2", chaos(2)},
	{"chaos-3", chaos(3)},
	{"chaos-4", chaos(4)},
	{"chaos-5", chaos(5)},
	{"chaos-6", chaos(6)},
}

// --- the goroutines that are lied about ---

//line /src/evil]0;OWNED[666m.go:1
func parkEscaped(c chan string) string {
	defer mutexLater()
	return <-c
}

//line main.go:2000
func mutexLater() { _ = recover() }

func locked() { mutex.Lock() }
func waits()  { group.Wait() }
func wakes()  { cond.L.Lock(); cond.Wait() }
func sleeps() { time.Sleep(time.Hour) }
func sends()  { full <- escapes }
func fills() {
	for i := 0; ; i++ {
		buffer <- i
	}
}
func selects() {
	select {
	case <-full:
	case buffer <- 1:
	case <-make(chan int):
	}
}

func start() {
	mutex.Lock()
	group.Add(1)
	kinds := []func(){locked, waits, wakes, sleeps, fills, selects, func() { parkEscaped(full) }}
	for i := 0; i < goroutines; i++ {
		f := kinds[i%len(kinds)]
		pprof.Do(context.Background(), pprof.Labels(escapes, fmt.Sprint(escapes, i)), func(context.Context) { go f() })
	}
	time.Sleep(50 * time.Millisecond)
}

// --- the thread that lies ---

func raw(nr, a, b, c uintptr) { syscall.RawSyscall(nr, a, b, c) }

//go:nosplit
func pause(ns int64) {
	ts := syscall.Timespec{Sec: ns / 1000000000, Nsec: ns % 1000000000}
	syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
}

func say(ready []byte) {
	raw(syscall.SYS_WRITE, 1, uintptr(unsafe.Pointer(&ready[0])), uintptr(len(ready)))
}

// unmapping moves the list of goroutines to a place that comes and goes.
func unmapping(ready []byte) {
	n := peek(symbol("runtime.allglen"))
	old, at := uintptr(peek(symbol("runtime.allgptr"))), reserve(4096*16)
	say(ready)
	pause(early)
	for {
		for i := uintptr(0); i < uintptr(n); i++ {
			*(*word)(unsafe.Pointer(at + i*8)) = peek(old + i*8)
		}
		*(*word)(unsafe.Pointer(symbol("runtime.allgptr"))) = word(at)
		pause(20000)
		raw(syscall.SYS_MUNMAP, at, 4096*16, 0)
		pause(20000)
		syscall.RawSyscall6(syscall.SYS_MMAP, at, 4096*16, syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_FIXED, ^uintptr(0), 0)
	}
}

// churn gives each goroutine labels that are different each time somebody looks.
func churn(ready []byte) {
	text := forge(2048, func(uintptr, int) word { return 0x6161616161616161 })
	gs, labels, heads := allgs(), uintptr(offset("runtime.g", "labels")), []uintptr{}
	for i := range gs {
		pairs := forge(512, func(_ uintptr, k int) word {
			if k%2 == 0 {
				return word(text) + word(i*8)
			}
			return 512
		})
		heads = append(heads, forge(64, func(_ uintptr, k int) word {
			if k%4 == 0 {
				return word(pairs)
			}
			return 128
		}))
	}
	say(ready)
	for n := word(0); ; n++ {
		for i := uintptr(0); i < 2048; i += 8 {
			*(*word)(unsafe.Pointer(text + i*8)) = 0x6161616161616161 + n%0x10000*0x100010001
		}
		for i, g := range gs {
			*(*word)(unsafe.Pointer(g + labels)) = word(heads[i]) + n%16*32
		}
		pause(1000000)
	}
}

func alternate(hold, late bool, ready []byte) {
	was := make([]word, len(pokes))
	for i, p := range pokes {
		was[i] = peek(p.at)
	}
	pause(1000000) // who just went to rest is at rest
	if !hold {
		say(ready)
		pause(early)
	}
	for {
		for _, p := range pokes {
			*(*word)(unsafe.Pointer(p.at)) = p.mad
		}
		if hold {
			say(ready)
		}
		pause(moment)
		for hold || late {
			pause(1000000000)
		}
		for i := len(pokes) - 1; i >= 0; i-- {
			*(*word)(unsafe.Pointer(pokes[i].at)) = was[i]
		}
		pause(moment)
	}
}

func main() {
	hold := flag.Bool("hold", false, "lie from the start")
	late := flag.Bool("late", false, "lie for good, but not at once")
	file := flag.String("symbols", "/proc/self/exe", "a build of the same that has symbols")
	flag.Parse()
	if flag.Arg(0) == "list" {
		for _, m := range modes {
			fmt.Println(m.name)
		}
		return
	}
	if os.Getenv("GODEBUG") != "asyncpreemptoff=1" {
		os.Setenv("GODEBUG", "asyncpreemptoff=1")
		check(syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
	}
	debug.SetGCPercent(-1)
	runtime.LockOSThread()
	arena = make([]word, spare)
	learn(*file)
	start()
	liars(flag.Arg(0))
	for _, m := range modes {
		if m.name != flag.Arg(0) {
			continue
		}
		ready := []byte(fmt.Sprintf("ready %d\n", os.Getpid()))
		name := []byte("e\x1b]0;OWNED\x07\xff\x00")
		raw(syscall.SYS_PRCTL, syscall.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0)
		if m.name == "unmapping" {
			unmapping(ready)
		}
		if m.name == "labels-churn" {
			churn(ready)
		}
		m.do()
		alternate(*hold, *late, ready)
	}
	fmt.Fprintln(os.Stderr, "no such mode:", flag.Arg(0))
	os.Exit(2)
}
