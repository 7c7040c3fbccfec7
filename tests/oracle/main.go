// SPDX-License-Identifier: Apache-2.0

// The oracle reads execution traces with Go's own reader and says what a reader ought to see in
// them. Built by build.sh.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"oracle.test/internal/trace"
)

const usage = `usage:
  oracle events  [-files] [-pcs] FILE          what Go's reader yields, in the canonical text form
  oracle jsonl   [-files] [-pcs] FILE          an events.jsonl of bingo-top in that form
  oracle compare [options] FILE OURS           compares trace FILE with OURS, which is either form;
                                               oracle compare -h lists the options
  oracle verdict FILE                          "ok N events", or "bad N events: why" and exit code 1
  oracle stat    FILE                          how often each event of the wire format occurs
  oracle bench   FILE                          a bare loop over Go's reader: MB/s, events, memory
  oracle convert FILE.test OUT                 a conformance test as a binary trace, and OUT.expect
  oracle assemble FILE DIR                     makes the traces that FILE describes
  oracle unfuzz  FILE OUT                      a file of Go's fuzzing corpus as plain bytes
FILE may be - for standard input. compare's exit code: 0 equal, 1 different, 2 cannot tell.
`

var errUsage = errors.New("usage")

func openInput(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(name)
}

// readTrace calls f for every event; n counts those that are not syncs. Go's reader may panic on
// what it was not made for: that counts as a refusal.
func readTrace(r io.Reader, f func(e trace.Event, raw trace.Time)) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	tr, err := trace.NewReader(r)
	if err != nil {
		return 0, err
	}
	for {
		e, err := tr.ReadEvent()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		raw := trace.RawTime()
		if e.Kind() == trace.EventSync || raw == trace.NoRawTime {
			raw = e.Time()
		}
		if e.Kind() != trace.EventSync {
			n++
		}
		f(e, raw)
	}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

func verdictText(n int, err error) string {
	if err != nil {
		return fmt.Sprintf("bad %d events: %s", n, firstLine(err))
	}
	return fmt.Sprintf("ok %d events", n)
}

func runVerdict(name string) error {
	f, err := openInput(name)
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := readTrace(f, func(trace.Event, trace.Time) {})
	fmt.Println(verdictText(n, err))
	if err != nil {
		os.Exit(1)
	}
	return nil
}

func runStat(name string) error {
	f, err := openInput(name)
	if err != nil {
		return err
	}
	defer f.Close()
	count := map[string]int{}
	gs := map[trace.GoID]bool{}
	n, err := readTrace(f, func(e trace.Event, _ trace.Time) {
		count[trace.WireName(e)]++
		if e.Kind() == trace.EventStateTransition {
			if res := e.StateTransition().Resource; res.Kind == trace.ResourceGoroutine {
				gs[res.Goroutine()] = true
			}
		}
	})
	names := make([]string, 0, len(count))
	for name := range count {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("%9d %s\n", count[name], name)
	}
	fmt.Printf("%9d goroutines\n%s\n", len(gs), verdictText(n, err))
	return nil
}

func runEvents(args []string, load func(b *book, r io.Reader) error) error {
	fs := flag.NewFlagSet("events", flag.ContinueOnError)
	b := newBook(newInterner())
	b.style.addFlags(fs)
	if fs.Parse(args) != nil || fs.NArg() != 1 {
		return errUsage
	}
	f, err := openInput(fs.Arg(0))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := load(b, f); err != nil {
		return err
	}
	w := bufio.NewWriterSize(os.Stdout, 1<<20)
	b.write(w)
	return w.Flush()
}

func run(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	cmd, args := args[0], args[1:]
	want := map[string]int{"verdict": 1, "stat": 1, "bench": 1, "convert": 2, "unfuzz": 2, "assemble": 2}
	if n, ok := want[cmd]; ok && len(args) != n {
		return errUsage
	}
	switch cmd {
	case "events":
		return runEvents(args, func(b *book, r io.Reader) error { b.loadTrace(r); return nil })
	case "jsonl":
		return runEvents(args, (*book).loadOurs)
	case "compare":
		return runCompare(args)
	case "verdict":
		return runVerdict(args[0])
	case "stat":
		return runStat(args[0])
	case "bench":
		return runBench(args[0])
	case "convert":
		return runConvert(args[0], args[1])
	case "assemble":
		return runAssemble(args[0], args[1])
	case "unfuzz":
		return runUnfuzz(args[0], args[1])
	case "help", "-h", "--help":
		fmt.Print(usage)
		return nil
	}
	return errUsage
}

func main() {
	switch err := run(os.Args[1:]); {
	case err == errUsage:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(2)
	}
}
