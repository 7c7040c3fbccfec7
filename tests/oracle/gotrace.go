// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"oracle.test/internal/trace"
)

// goBook turns the events of Go's reader into records.
type goBook struct {
	*book
	stacks map[trace.Stack]uint32
}

// loadTrace reads a trace as far as Go's reader gets; the verdict says how far that was.
func (b *book) loadTrace(r io.Reader) {
	gb := goBook{book: b, stacks: map[trace.Stack]uint32{}}
	n, err := readTrace(r, gb.add)
	b.verdict = verdictText(n, err)
	b.spread()
}

func (b *goBook) stack(s trace.Stack) uint32 {
	if s == trace.NoStack {
		return 0
	}
	if id, ok := b.stacks[s]; ok {
		return id
	}
	var sb strings.Builder
	for f := range s.Frames() {
		b.style.frame(&sb, frame{Func: f.Func, File: f.File, Line: f.Line, PC: f.PC})
	}
	id := b.id(sb.String())
	b.stacks[s] = id
	return id
}

func goroutine(g trace.GoID) uint64 {
	if g == trace.NoGoroutine {
		return 0
	}
	return uint64(g)
}

func (b *goBook) add(e trace.Event, raw trace.Time) {
	r := record{
		time:   int64(e.Time()),
		thread: uint64(e.Thread()),
		proc:   uint64(e.Proc()),
		stack:  b.stack(e.Stack()),
	}
	if d := int64(e.Time()) - int64(raw); d > 0 && d < 1<<32 {
		r.early = uint32(d)
	}
	b.describe(e, &r)
	b.recs = append(b.recs, r)
}

func (b *goBook) set(r *record, where, kind, text string) {
	r.where, r.kind, r.text = b.id(where), b.id(kind), b.id(clean(text))
}

func (b *goBook) setNum(r *record, format string, args ...any) {
	r.num = b.id(fmt.Sprintf(format, args...))
}

func (b *goBook) describe(e trace.Event, r *record) {
	g := gSection(goroutine(e.Goroutine()))
	switch e.Kind() {
	case trace.EventStateTransition:
		b.transition(e, r)
	case trace.EventRangeBegin:
		b.rangeEvent(e, r, "range-begin")
	case trace.EventRangeActive:
		b.rangeEvent(e, r, "range-active")
	case trace.EventRangeEnd:
		b.rangeEvent(e, r, "range-end")
	case trace.EventRegionBegin:
		b.set(r, g, "region-begin", e.Region().Type)
		b.setNum(r, "task=%d", uint64(e.Region().Task))
	case trace.EventRegionEnd:
		b.set(r, g, "region-end", e.Region().Type)
		b.setNum(r, "task=%d", uint64(e.Region().Task))
	case trace.EventTaskBegin:
		t := e.Task()
		if t.Parent == trace.NoTask {
			t.Parent = trace.BackgroundTask
		}
		b.set(r, g, "task-begin", t.Type)
		b.setNum(r, "task=%d parent=%d", uint64(t.ID), uint64(t.Parent))
	case trace.EventTaskEnd:
		b.set(r, g, "task-end", e.Task().Type)
		b.setNum(r, "task=%d", uint64(e.Task().ID))
	case trace.EventLog:
		l := e.Log()
		b.set(r, g, "log", l.Category)
		r.text2 = b.id(clean(l.Message))
		b.setNum(r, "task=%d", uint64(l.Task))
	case trace.EventLabel:
		b.set(r, gSection(goroutine(e.Label().Resource.Goroutine())), "label", e.Label().Label)
	case trace.EventStackSample:
		b.set(r, "sample", "sample", "")
		r.peer = goroutine(e.Goroutine())
	case trace.EventMetric:
		b.set(r, "metric", "metric", e.Metric().Name)
		b.setNum(r, "value=%d", e.Metric().Value.Uint64())
	case trace.EventExperimental:
		b.experiment(e, r)
	case trace.EventSync:
		b.sync(e, r)
	}
}

func (b *goBook) transition(e trace.Event, r *record) {
	t := e.StateTransition()
	if t.Resource.Kind == trace.ResourceProc {
		from, to := t.Proc()
		kind := "trans"
		if name := trace.WireName(e); name == "ProcStatus" {
			kind = "status"
		}
		b.set(r, pSection(uint64(t.Resource.Proc())), kind, t.Reason)
		r.change = b.id(from.String() + "->" + to.String())
		return
	}
	from, to := t.Goroutine()
	g := t.Resource.Goroutine()
	kind := "trans"
	if name := trace.WireName(e); name == "GoStatus" || name == "GoStatusStack" {
		kind = "status"
	} else if e.Goroutine() != g {
		r.peer = goroutine(e.Goroutine())
	}
	b.set(r, gSection(uint64(g)), kind, t.Reason)
	r.change = b.id(from.String() + "->" + to.String())
	if from == trace.GoNotExist {
		r.start = b.stack(t.Stack)
	}
}

func (b *goBook) rangeEvent(e trace.Event, r *record, kind string) {
	rg := e.Range()
	where := "world"
	switch rg.Scope.Kind {
	case trace.ResourceGoroutine:
		where = gSection(goroutine(rg.Scope.Goroutine()))
	case trace.ResourceProc:
		where = pSection(uint64(rg.Scope.Proc())) + "/sweep"
	}
	b.set(r, where, kind, rg.Name)
	if kind != "range-end" {
		return
	}
	var num []string
	for _, a := range e.RangeAttributes() {
		num = append(num, fmt.Sprintf("%s=%d", strings.TrimPrefix(a.Name, "bytes "), a.Value.Uint64()))
	}
	r.num = b.id(strings.Join(num, " "))
}

func (b *goBook) experiment(e trace.Event, r *record) {
	x := e.Experimental()
	b.set(r, "experiment", "experiment", x.Name)
	var num []string
	for i, name := range x.Args {
		num = append(num, fmt.Sprintf("%s=%d", name, x.ArgValue(i).Uint64()))
	}
	r.num = b.id(strings.Join(num, " "))
}

func (b *goBook) sync(e trace.Event, r *record) {
	s := e.Sync()
	b.set(r, "sync", "sync", "")
	num := fmt.Sprintf("n=%d", s.N)
	if c := s.ClockSnapshot; c != nil {
		num += fmt.Sprintf(" wall=%d mono=%d trace=%d", c.Wall.UnixNano(), c.Mono, int64(c.Trace))
	}
	for _, name := range []string{"AllocFree"} {
		if n := len(s.ExperimentalBatches[name]); n > 0 {
			num += fmt.Sprintf(" %s=%d", name, n)
		}
	}
	r.num = b.id(num)
}
