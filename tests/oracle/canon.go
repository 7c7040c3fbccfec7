// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
)

const canonMagic = "#bingo-top events 1"

func idText(id uint64) string {
	if id == unknownID {
		return "-"
	}
	return strconv.FormatUint(id, 10)
}

func (b *book) line(r *record) string {
	t := b.text
	return strings.Join([]string{
		t[r.where],
		strconv.FormatInt(r.time, 10),
		fmt.Sprintf("%d,%d", r.early, r.late),
		t[r.kind],
		t[r.change],
		t[r.text],
		strconv.FormatUint(r.peer, 10),
		t[r.stack],
		t[r.start],
		t[r.num],
		t[r.text2],
		idText(r.thread),
		idText(r.proc),
	}, "\t")
}

func (b *book) write(w *bufio.Writer) {
	fmt.Fprintln(w, canonMagic)
	if b.autoBase {
		fmt.Fprintln(w, "#base auto")
	} else {
		fmt.Fprintf(w, "#base %d\n", b.base)
	}
	if b.verdict != "" {
		fmt.Fprintln(w, "#verdict", clean(b.verdict))
	}
	for _, s := range b.sections(nil) {
		for _, r := range s.recs {
			w.WriteString(b.line(r))
			w.WriteByte('\n')
		}
	}
}

type fields struct {
	col []string
	err error
}

func (f *fields) text(i int) string {
	if i < len(f.col) {
		return f.col[i]
	}
	return ""
}

func (f *fields) int(i int) int64 {
	v, err := strconv.ParseInt(f.text(i), 10, 64)
	if err != nil {
		f.err = err
	}
	return v
}

func (f *fields) id(i int) uint64 {
	s := f.text(i)
	if s == "" || s == "-" {
		return unknownID
	}
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		f.err = err
	}
	return v
}

func (f *fields) slack(i int) (early, late uint32) {
	if s := f.text(i); s != "" {
		if _, err := fmt.Sscanf(s, "%d,%d", &early, &late); err != nil {
			f.err = err
		}
	}
	return early, late
}

func (b *book) parseLine(line string) error {
	f := fields{col: strings.Split(line, "\t")}
	r := record{
		where:  b.id(f.text(0)),
		time:   f.int(1),
		kind:   b.id(f.text(3)),
		change: b.id(f.text(4)),
		text:   b.id(f.text(5)),
		stack:  b.id(f.text(7)),
		start:  b.id(f.text(8)),
		num:    b.id(f.text(9)),
		text2:  b.id(f.text(10)),
		thread: f.id(11),
		proc:   f.id(12),
	}
	r.early, r.late = f.slack(2)
	if f.text(6) != "" {
		r.peer = f.id(6)
	}
	b.recs = append(b.recs, r)
	return f.err
}

func (b *book) parseHeader(line string) error {
	key, value, _ := strings.Cut(line, " ")
	switch key {
	case "#base":
		if b.autoBase = value == "auto"; b.autoBase {
			return nil
		}
		v, err := strconv.ParseInt(value, 10, 64)
		b.base = v
		return err
	case "#verdict":
		b.verdict = value
	}
	return nil
}

func (b *book) loadCanon(sc *bufio.Scanner) error {
	for n := 2; sc.Scan(); n++ {
		line := sc.Text()
		var err error
		if strings.HasPrefix(line, "#") {
			err = b.parseHeader(line)
		} else {
			err = b.parseLine(line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return sc.Err()
}
