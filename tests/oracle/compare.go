// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

type comparer struct {
	max      int   // differences to print
	tol      int64 // nanoseconds on top of what ties explain
	status   bool  // also what tells nothing new
	threads  bool
	prefix   bool
	also     string // further sections: sync, experiment
	theirs   *book
	ours     *book
	diffs    int
	lines    int
	early    int64 // greatest distances of our times from Go's
	late     int64
	shift    int64 // added to our times
	shown    int
	sections int
}

func parseCompare(args []string) (c *comparer, st style, file, ours string, err error) {
	c = &comparer{}
	fs := flag.NewFlagSet("compare", flag.ContinueOnError)
	fs.IntVar(&c.max, "n", 10, "print at most so many differences")
	fs.Int64Var(&c.tol, "tol", 0, "nanoseconds that a time may differ beyond what ties explain")
	fs.BoolVar(&c.status, "status", false, "compare also what tells nothing new: X->X, ranges known to be open")
	fs.BoolVar(&c.threads, "threads", false, "compare threads and processors of each event")
	fs.BoolVar(&c.prefix, "prefix", false, "one may go on where the other ends (damaged traces)")
	fs.StringVar(&c.also, "also", "", "further sections to compare, comma-separated: sync, experiment")
	st.addFlags(fs)
	if perr := fs.Parse(args); perr == flag.ErrHelp {
		os.Exit(0)
	} else if perr != nil || fs.NArg() != 2 {
		return nil, st, "", "", errUsage
	}
	return c, st, fs.Arg(0), fs.Arg(1), nil
}

func runCompare(args []string) error {
	c, st, file, ours, err := parseCompare(args)
	if err != nil {
		return err
	}
	in := newInterner()
	c.theirs, c.ours = newBook(in), newBook(in)
	c.theirs.style, c.ours.style = st, st
	if err := c.load(c.theirs, file, true); err != nil {
		return err
	}
	if err := c.load(c.ours, ours, false); err != nil {
		return err
	}
	c.compare()
	fmt.Println(c.summary())
	if c.diffs > 0 {
		os.Exit(1)
	}
	return nil
}

// load reads a trace with Go's reader, or what a reader told of one; Go's side may be either.
func (c *comparer) load(b *book, name string, isTrace bool) error {
	f, err := openInput(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if !isTrace || strings.HasSuffix(name, ".events") {
		return b.loadOurs(f)
	}
	b.loadTrace(f)
	return nil
}

func (c *comparer) summary() string {
	verdict := "equal"
	if c.diffs > 0 {
		verdict = fmt.Sprintf("different (%d)", c.diffs)
	}
	s := fmt.Sprintf("%s: %d lines in %d sections; times from -%d to +%d ns of Go's, base %d; go: %s",
		verdict, c.lines, c.sections, c.early, c.late, c.shift, c.theirs.verdict)
	for _, n := range c.ours.notes {
		s += "\nours: " + n
	}
	return s
}

// filter says which records count. What tells nothing new is left out on both sides: a status that
// is known, and a range that is known to be open.
func (c *comparer) filter(b *book) func(*record) bool {
	type span struct{ where, text uint32 }
	open := map[span]bool{}
	return func(r *record) bool {
		kind := b.text[r.kind]
		if kind == "sync" || kind == "experiment" {
			return strings.Contains(c.also, kind)
		}
		if c.status {
			return true
		}
		if from, to, ok := strings.Cut(b.text[r.change], "->"); ok {
			return from != to
		}
		at := span{r.where, r.text}
		switch kind {
		case "range-begin":
			open[at] = true
		case "range-end":
			delete(open, at)
		case "range-active":
			known := open[at]
			open[at] = true
			return !known
		}
		return true
	}
}

func (c *comparer) compare() {
	theirs := c.theirs.sections(c.filter(c.theirs))
	ours := c.ours.sections(c.filter(c.ours))
	c.findShift(theirs, ours)
	for len(theirs) > 0 || len(ours) > 0 {
		c.sections++
		switch {
		case len(ours) == 0 || len(theirs) > 0 && sectionLess(theirs[0].name, ours[0].name):
			c.section(theirs[0], section{})
			theirs = theirs[1:]
		case len(theirs) == 0 || sectionLess(ours[0].name, theirs[0].name):
			c.section(section{}, ours[0])
			ours = ours[1:]
		default:
			c.section(theirs[0], ours[0])
			theirs, ours = theirs[1:], ours[1:]
		}
	}
}

// findShift finds what to add to our times: the distance that the first events of most goroutines
// share.
func (c *comparer) findShift(theirs, ours []section) {
	c.shift = c.ours.base
	if !c.ours.autoBase {
		return
	}
	first := map[string]int64{}
	for _, s := range ours {
		first[s.name] = s.recs[0].time
	}
	votes := map[int64]int{}
	best := 0
	for _, s := range theirs {
		t, ok := first[s.name]
		if !ok {
			continue
		}
		d := s.recs[0].time - int64(s.recs[0].early) - t
		votes[d]++
		if votes[d] > best {
			best, c.shift = votes[d], d
		}
	}
}

func (c *comparer) section(theirs, ours section) {
	name := theirs.name
	if name == "" {
		name = ours.name
	}
	if name == "sample" || name == "metric" {
		c.loose(name, theirs.recs, ours.recs)
		return
	}
	n := len(theirs.recs)
	if len(ours.recs) < n {
		n = len(ours.recs)
	}
	for i := 0; i < n; i++ {
		c.lines++
		if why := c.differ(theirs.recs[i], ours.recs[i], i == 0); why != "" {
			c.report(name, why, theirs.recs, ours.recs, i)
			return
		}
	}
	if len(theirs.recs) != len(ours.recs) && !c.prefix {
		why := fmt.Sprintf("Go has %d lines, ours %d", len(theirs.recs), len(ours.recs))
		c.report(name, why, theirs.recs, ours.recs, n)
	}
}

// inTime says whether our time could be Go's, and keeps the greatest distances.
func (c *comparer) inTime(t, o *record) bool {
	d := o.time + c.shift - t.time
	if d < -int64(t.early)-c.tol || d > int64(t.late)+c.tol {
		return false
	}
	if -d > c.early {
		c.early = -d
	}
	if d > c.late {
		c.late = d
	}
	return true
}

// sameChange takes "not known" and "not there" for the same as the start of a processor, and any
// start where our reader has not seen the goroutine before. A status of the first format comes from
// "not known" in Go's conversion also where a line before it told the state.
func (c *comparer) sameChange(t, o *record, first bool) bool {
	if t.change == o.change {
		return true
	}
	tf, tt, _ := strings.Cut(c.theirs.text[t.change], "->")
	of, ot, _ := strings.Cut(c.theirs.text[o.change], "->")
	if tf == "Undetermined" && c.theirs.text[t.kind] == "status" {
		return tt == ot
	}
	return first && tt == ot && of == "Undetermined" && (tf == "NotExist" || c.theirs.text[t.kind] == "trans")
}

func (c *comparer) sameStacks(t, o *record) bool {
	kind := c.theirs.text[t.kind]
	if strings.HasPrefix(kind, "range") || kind == "metric" || kind == "sync" || kind == "experiment" {
		return true
	}
	// where a goroutine began is told with its status in the first format, by us alone
	return t.stack == o.stack && (t.start == o.start || kind == "status" && c.theirs.text[t.start] == "")
}

// differ names the first thing that differs, or "".
func (c *comparer) differ(t, o *record, first bool) string {
	text := c.theirs.text
	isProc := text[t.change] != "" && text[t.where][0] == 'p'
	switch {
	case t.kind != o.kind && !isProc:
		return "kind"
	case !c.sameChange(t, o, first):
		return "change"
	case t.text != o.text:
		return "text"
	case t.text2 != o.text2:
		return "second text"
	case t.peer != o.peer:
		return "peer"
	case t.num != o.num && text[t.kind] != "sync" && text[t.kind] != "experiment":
		return "numbers"
	case !c.sameStacks(t, o):
		return "stack"
	case c.threads && (t.thread != o.thread || t.proc != o.proc):
		return "thread or processor"
	case !c.inTime(t, o):
		return "time"
	}
	return ""
}

// loose pairs events that no order binds: each of Go's with the first of ours within its time that
// is equal otherwise. Both are in order of time.
func (c *comparer) loose(name string, theirs, ours []*record) {
	used := make([]bool, len(ours))
	from, missing := 0, 0
	for i, t := range theirs {
		c.lines++
		for from < len(ours) && used[from] {
			from++
		}
		if !c.pair(t, ours, used, from) {
			if missing == 0 {
				c.report(name, "not in ours", theirs, ours, i)
			}
			missing++
		}
	}
	left := 0
	for _, u := range used {
		if !u {
			left++
		}
	}
	if !c.prefix && (left > 0 || missing > 1) {
		c.report(name, fmt.Sprintf("%d of Go's %d are not in ours, %d of our %d not in Go's",
			missing, len(theirs), left, len(ours)), nil, nil, 0)
	}
}

func (c *comparer) pair(t *record, ours []*record, used []bool, from int) bool {
	for j := from; j < len(ours); j++ {
		if ours[j].time+c.shift > t.time+int64(t.late)+c.tol {
			return false
		}
		if !used[j] && c.differ(t, ours[j], false) == "" {
			used[j] = true
			return true
		}
	}
	return false
}

func (c *comparer) report(name, why string, theirs, ours []*record, at int) {
	c.diffs++
	if c.shown++; c.shown > c.max {
		return
	}
	fmt.Printf("%s, line %d: %s\n", name, at+1, why)
	c.context("go:  ", c.theirs, theirs, at, 0)
	c.context("ours:", c.ours, ours, at, c.shift)
}

func (c *comparer) context(head string, b *book, recs []*record, at int, shift int64) {
	for i := at - 2; i <= at+1; i++ {
		if i < 0 || i >= len(recs) {
			continue
		}
		r := *recs[i]
		r.time += shift
		mark := " "
		if i == at {
			mark = ">"
		}
		fmt.Printf(" %s %s %s\n", mark, head, b.line(&r))
	}
}
