// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// jsonEvent is one line of an events.jsonl as bingo-top exports it.
type jsonEvent struct {
	Time    int64   `json:"ts_ns"`
	G       uint64  `json:"g"`
	Type    string  `json:"type"`
	Phase   string  `json:"phase"`
	State   string  `json:"state"`
	By      uint64  `json:"by"`
	Text    string  `json:"text"`
	Text2   string  `json:"text2"`
	Task    uint64  `json:"task"`
	Object  uint64  `json:"object"`
	Parent  uint64  `json:"parent"`
	Value   uint64  `json:"value"`
	Value2  uint64  `json:"value2"`
	M       *uint64 `json:"m"`
	P       *uint64 `json:"p"`
	StackID uint32  `json:"stack_id"`
	Stack   []frame `json:"stack"`
	StartID uint32  `json:"start_id"`
	Start   []frame `json:"start"`
}

// ourBook turns those lines into records. An event of the model tells the state that it leads to;
// the one before is remembered here.
type ourBook struct {
	*book
	stacks map[uint32]uint32
	state  map[string]string
	line   int
}

// loadOurs reads the canonical form or an events.jsonl, whichever it is.
func (b *book) loadOurs(r io.Reader) error {
	br := bufio.NewReaderSize(r, 1<<20)
	head, _ := br.Peek(1)
	sc := bufio.NewScanner(br)
	sc.Buffer(nil, 64<<20)
	if bytes.Equal(head, []byte("#")) {
		sc.Scan()
		if sc.Text() != canonMagic {
			return fmt.Errorf("the first line is not %q", canonMagic)
		}
		return b.loadCanon(sc)
	}
	ob := ourBook{book: b, stacks: map[uint32]uint32{}, state: map[string]string{}}
	b.autoBase = true
	for sc.Scan() {
		ob.line++
		var e jsonEvent
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			return fmt.Errorf("line %d: %w", ob.line, err)
		}
		if err := ob.add(&e); err != nil {
			return fmt.Errorf("line %d: %w", ob.line, err)
		}
	}
	return sc.Err()
}

func (b *ourBook) stack(id uint32, frames []frame) (uint32, error) {
	if id == 0 {
		return 0, nil
	}
	if frames != nil {
		var sb strings.Builder
		for _, f := range frames {
			b.style.frame(&sb, f)
		}
		b.stacks[id] = b.id(sb.String())
	}
	s, ok := b.stacks[id]
	if !ok {
		return 0, fmt.Errorf("stack %d was never told", id)
	}
	return s, nil
}

func orUnknown(v *uint64) uint64 {
	if v == nil {
		return unknownID
	}
	return *v
}

func (b *ourBook) add(e *jsonEvent) error {
	r := record{time: e.Time, thread: orUnknown(e.M), proc: orUnknown(e.P)}
	var err error
	if r.stack, err = b.stack(e.StackID, e.Stack); err != nil {
		return err
	}
	if r.start, err = b.stack(e.StartID, e.Start); err != nil {
		return err
	}
	if e.Type == "lost" {
		b.notes = append(b.notes, fmt.Sprintf("line %d: %d events lost", b.line, e.Value))
		return nil
	}
	if e.Type == "session" || e.Type == "end" {
		return nil
	}
	if !b.describe(e, &r) {
		return fmt.Errorf("unknown type %q", e.Type)
	}
	b.recs = append(b.recs, r)
	return nil
}

var goStates = map[string]string{
	"running": "Running", "runnable": "Runnable", "blocked": "Waiting", "syscall": "Syscall",
	"dead": "NotExist",
}

// change tells the step from the state known of that section to another one.
func (b *ourBook) change(where, from, to string) uint32 {
	if from == "" {
		from = b.state[where]
	}
	if from == "" {
		from = "Undetermined"
	}
	if to == "" {
		to = "?"
	}
	b.state[where] = to
	return b.id(from + "->" + to)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (b *ourBook) set(r *record, where, kind, text string) {
	r.where, r.kind, r.text = b.id(where), b.id(kind), b.id(clean(text))
}

func (b *ourBook) setNum(r *record, format string, args ...any) {
	r.num = b.id(fmt.Sprintf(format, args...))
}

func (b *ourBook) describe(e *jsonEvent, r *record) bool {
	g := gSection(e.G)
	b.set(r, g, "trans", e.Text)
	r.peer = e.By
	switch e.Type {
	case "create":
		r.change = b.change(g, "NotExist", goStates[orElse(e.State, "runnable")])
	case "status":
		b.set(r, g, "status", "")
		r.peer = 0
		r.change = b.change(g, "", goStates[e.State])
	case "run":
		r.change = b.change(g, "", "Running")
	case "block":
		r.change = b.change(g, "", "Waiting")
	case "unblock", "preempt":
		r.change = b.change(g, "", "Runnable")
	case "syscall":
		r.change = b.change(g, "", "Syscall")
	case "syscall-exit":
		r.change = b.change(g, "", goStates[orElse(e.State, "running")])
	case "dead":
		r.change = b.change(g, "", "NotExist")
	case "proc":
		return b.proc(e, r)
	default:
		return b.describeRest(e, r)
	}
	return true
}

func (b *ourBook) proc(e *jsonEvent, r *record) bool {
	p := pSection(orUnknown(e.P))
	to := map[string]string{"running": "Running", "blocked": "Idle"}[e.State]
	b.set(r, p, "trans", "")
	r.change = b.change(p, "", to)
	r.peer = 0
	return true
}

func (b *ourBook) describeRest(e *jsonEvent, r *record) bool {
	g := gSection(e.G)
	switch e.Type {
	case "gc":
		return b.rangeEvent(e, r)
	case "region":
		b.set(r, g, "region-"+e.Phase, e.Text)
		b.setNum(r, "task=%d", e.Task)
	case "task":
		b.set(r, g, "task-"+e.Phase, e.Text)
		b.setNum(r, "task=%d", e.Task)
		if e.Phase == "begin" {
			b.setNum(r, "task=%d parent=%d", e.Task, e.Parent)
		}
	case "log":
		b.set(r, g, "log", e.Text)
		r.text2 = b.id(clean(e.Text2))
		b.setNum(r, "task=%d", e.Task)
	case "label":
		b.set(r, g, "label", e.Text)
	case "sample":
		b.set(r, "sample", "sample", "")
		r.peer = e.G
	case "metric":
		b.set(r, "metric", "metric", e.Text)
		b.setNum(r, "value=%d", e.Value)
	case "alloc":
		b.set(r, "experiment", "experiment", e.Text)
		b.setNum(r, "object=%d value=%d", e.Object, e.Value)
	case "sync":
		b.set(r, "sync", "sync", "")
		b.setNum(r, "wall=%d", e.Value)
	default:
		return false
	}
	return true
}

func (b *ourBook) rangeEvent(e *jsonEvent, r *record) bool {
	where := "world"
	switch {
	case e.Text == "GC incremental sweep":
		where = pSection(orUnknown(e.P)) + "/sweep"
	case e.Text == "GC mark assist" || strings.HasPrefix(e.Text, "stop-the-world"):
		where = gSection(e.G)
	}
	b.set(r, where, "range-"+e.Phase, e.Text)
	r.peer = 0
	if e.Phase == "end" && strings.HasSuffix(where, "/sweep") {
		b.setNum(r, "swept=%d reclaimed=%d", e.Value, e.Value2)
	}
	return e.Phase != ""
}
