// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"oracle.test/internal/trace/tracev2"
)

// An assembler makes traces of lines of text; README.md has its language.
type assembler struct {
	out     bytes.Buffer // the trace so far
	version int
	names   map[string]int
	gen     uint64
	freq    uint64
	noEnd   bool
	head    []uint64 // of the open batch
	body    bytes.Buffer
	strs    bytes.Buffer
	stacks  bytes.Buffer
	samples bytes.Buffer
}

const noThread = ^uint64(0)

// v1Names are the events of the older format, in Go's order from Gomaxprocs = 4 on.
var v1Names = strings.Fields(`Gomaxprocs ProcStart ProcStop GCStart GCDone STWStart STWDone SweepStart
	SweepDone GoCreate GoStart GoEnd GoStop GoSched GoPreempt GoSleep GoBlock GoUnblock BlockSend
	BlockRecv BlockSelect BlockSync BlockCond BlockNet GoSysCall GoSysExit GoSysBlock GoWaiting
	GoInSyscall HeapAlloc HeapGoal TimerGoroutine FutileWakeup String GoStartLocal GoUnblockLocal
	GoSysExitLocal GoStartLabel BlockGC MarkAssistStart MarkAssistDone TaskCreate TaskEnd Region
	UserLog CPUSample`)

func (a *assembler) begin(version string) error {
	v, err := strconv.Atoi(version)
	if err != nil {
		return err
	}
	*a = assembler{version: v, names: map[string]int{}, freq: 15625000}
	var header [16]byte
	copy(header[:], fmt.Sprintf("go 1.%d trace", v))
	a.out.Write(header[:])
	if v < 22 {
		for i, name := range v1Names {
			a.names[name] = 4 + i
		}
		return nil
	}
	for i, spec := range tracev2.Specs() {
		if spec.Name != "" {
			a.names[spec.Name] = i
		}
	}
	return nil
}

func appendVarints(b *bytes.Buffer, vs ...uint64) {
	for _, v := range vs {
		b.Write(binary.AppendUvarint(nil, v))
	}
}

// closeBatch writes the open batch of timed events.
func (a *assembler) closeBatch() {
	if a.head == nil {
		return
	}
	if a.version < 22 {
		a.out.WriteByte(1 | 1<<6)
		appendVarints(&a.out, a.head...)
	} else {
		a.out.WriteByte(byte(tracev2.EvEventBatch))
		appendVarints(&a.out, a.gen, a.head[0], a.head[1], uint64(a.body.Len()))
	}
	a.out.Write(a.body.Bytes())
	a.body.Reset()
	a.head = nil
}

func (a *assembler) table(first tracev2.EventType, b *bytes.Buffer) {
	data := append([]byte{byte(first)}, b.Bytes()...)
	b.Reset()
	a.out.WriteByte(byte(tracev2.EvEventBatch))
	appendVarints(&a.out, a.gen, noThread, 1, uint64(len(data)))
	a.out.Write(data)
}

func (a *assembler) frequency() {
	if a.freq == 0 {
		return
	}
	var b bytes.Buffer
	if a.version < 25 {
		appendVarints(&b, a.freq)
		a.table(tracev2.EvFrequency, &b)
		return
	}
	b.WriteByte(byte(tracev2.EvFrequency))
	appendVarints(&b, a.freq)
	b.WriteByte(byte(tracev2.EvClockSnapshot))
	appendVarints(&b, 1, 1000*a.gen, 1700000000+a.gen, 5)
	a.table(tracev2.EvSync, &b)
}

// closeGen writes the tables, which come last.
func (a *assembler) closeGen() {
	a.closeBatch()
	if a.version < 22 {
		if a.freq != 0 {
			a.out.WriteByte(2)
			appendVarints(&a.out, a.freq)
		}
		a.out.Write(a.strs.Bytes())
		a.out.Write(a.stacks.Bytes())
		return
	}
	if a.gen == 0 {
		return
	}
	a.table(tracev2.EvStacks, &a.stacks)
	a.table(tracev2.EvStrings, &a.strs)
	if a.samples.Len() > 0 {
		a.table(tracev2.EvCPUSamples, &a.samples)
	}
	a.frequency()
	if a.version >= 26 && !a.noEnd {
		a.out.WriteByte(byte(tracev2.EvEndOfGeneration))
	}
	a.gen = 0
}

func (a *assembler) event(name string, args []uint64) error {
	typ, ok := a.names[name]
	if n, err := strconv.Atoi(name); err == nil {
		typ, ok = n, true
	}
	if !ok {
		return fmt.Errorf("unknown event %q", name)
	}
	if a.version >= 22 {
		a.body.WriteByte(byte(typ))
		appendVarints(&a.body, args...)
		return nil
	}
	if n := len(args) - 1; n < 3 {
		a.body.WriteByte(byte(typ) | byte(n)<<6)
		appendVarints(&a.body, args...)
		return nil
	}
	var b bytes.Buffer
	appendVarints(&b, args...)
	a.body.WriteByte(byte(typ) | 3<<6)
	appendVarints(&a.body, uint64(b.Len()))
	a.body.Write(b.Bytes())
	return nil
}

func (a *assembler) text(args []uint64, quoted string) error {
	s, err := strconv.Unquote(quoted)
	if err != nil {
		return err
	}
	if a.version < 22 {
		a.strs.WriteByte(37)
	} else {
		a.strs.WriteByte(byte(tracev2.EvString))
	}
	appendVarints(&a.strs, args[0], uint64(len(s)))
	a.strs.WriteString(s)
	return nil
}

// stack takes the id, then pc, function, file, line of each frame.
func (a *assembler) stack(args []uint64) {
	args = append([]uint64{args[0], uint64(len(args)-1) / 4}, args[1:]...)
	if a.version >= 22 {
		a.stacks.WriteByte(byte(tracev2.EvStack))
		appendVarints(&a.stacks, args...)
		return
	}
	var b bytes.Buffer
	appendVarints(&b, args...)
	a.stacks.WriteByte(3 | 3<<6)
	appendVarints(&a.stacks, uint64(b.Len()))
	a.stacks.Write(b.Bytes())
}

func numbers(words []string) ([]uint64, error) {
	vs := make([]uint64, 0, len(words))
	for _, w := range words {
		if w == "none" {
			w = "0xffffffffffffffff"
		}
		v, err := strconv.ParseUint(strings.TrimPrefix(w, "@"), 0, 64)
		if err != nil {
			return nil, err
		}
		vs = append(vs, v)
	}
	return vs, nil
}

func (a *assembler) directive(line string) error {
	line, quoted, isText := strings.Cut(line, `"`)
	words := strings.Fields(line)
	if words[0] == "bytes" { // where they stand; in a batch if one is open
		data, err := hex.DecodeString(strings.Join(words[1:], ""))
		if a.head != nil {
			a.body.Write(data)
		} else {
			a.out.Write(data)
		}
		return err
	}
	args, err := numbers(words[1:])
	if err != nil {
		return err
	}
	need := map[string]int{"gen": 1, "m": 2, "p": 2, "freq": 1, "string": 1, "stack": 1, "sample": 5}
	if n, ok := need[words[0]]; ok && len(args) < n {
		return fmt.Errorf("%s takes %d numbers", words[0], n)
	}
	switch words[0] {
	case "gen":
		a.closeGen()
		a.gen = args[0]
	case "m", "p":
		a.closeBatch()
		a.head = args
	case "close":
		a.closeBatch()
	case "freq":
		a.freq = args[0]
	case "noend":
		a.noEnd = true
	case "string":
		if !isText {
			return fmt.Errorf("no text")
		}
		return a.text(args, `"`+quoted)
	case "stack":
		a.stack(args)
	case "sample":
		a.samples.WriteByte(byte(tracev2.EvCPUSample))
		appendVarints(&a.samples, args...)
	default:
		return a.event(words[0], args)
	}
	return nil
}

// runAssemble makes the traces that a file describes: DIR/NAME.trace each.
func runAssemble(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	var a assembler
	name := ""
	finish := func() error {
		if name == "" {
			return nil
		}
		a.closeGen()
		return os.WriteFile(filepath.Join(dir, name+".trace"), a.out.Bytes(), 0o644)
	}
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		words := strings.Fields(line)
		switch {
		case line == "" || line[0] == '#':
		case words[0] == "trace" && len(words) == 3:
			if err := finish(); err != nil {
				return err
			}
			name = words[1]
			err = a.begin(words[2])
		default:
			err = a.directive(line)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return err
	}
	return finish()
}
