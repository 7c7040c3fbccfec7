// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An interner gives equal strings equal numbers; 0 is the empty string.
type interner struct {
	text []string
	ids  map[string]uint32
}

func newInterner() *interner {
	return &interner{text: []string{""}, ids: map[string]uint32{"": 0}}
}

func (in *interner) id(s string) uint32 {
	if id, ok := in.ids[s]; ok {
		return id
	}
	id := uint32(len(in.text))
	in.text = append(in.text, s)
	in.ids[s] = id
	return id
}

const unknownID = ^uint64(0)

// A record is one line of the canonical form; see README.md for what the columns mean. Strings are
// numbers of the interner.
type record struct {
	time               int64
	early, late        uint32
	where              uint32
	kind, change       uint32
	text, text2        uint32
	num                uint32
	stack, start       uint32
	peer, thread, proc uint64
}

// style says how much of a stack frame is told.
type style struct {
	files, pcs bool
}

func (s *style) addFlags(fs *flag.FlagSet) {
	fs.BoolVar(&s.files, "files", false, "whole file names in stacks")
	fs.BoolVar(&s.pcs, "pcs", false, "program counters in stacks")
}

type frame struct {
	Func string `json:"function"`
	File string `json:"file"`
	Line uint64 `json:"line"`
	PC   uint64 `json:"pc"`
}

func (s style) frame(sb *strings.Builder, f frame) {
	if sb.Len() > 0 {
		sb.WriteByte(';')
	}
	sb.WriteString(strings.ReplaceAll(clean(f.Func), ";", `\x3b`))
	if s.files {
		sb.WriteByte(' ')
		sb.WriteString(strings.ReplaceAll(clean(f.File), ";", `\x3b`))
	}
	sb.WriteByte(':')
	sb.WriteString(strconv.FormatUint(f.Line, 10))
	if s.pcs {
		fmt.Fprintf(sb, "@%#x", f.PC)
	}
}

// clean makes one printable line of a name: control characters and backslashes are escaped, and a
// run of bytes that are not UTF-8 becomes one U+FFFD.
func clean(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= 0x20 && s[i] < 0x7f && s[i] != '\\'
	}
	if plain {
		return s
	}
	var sb strings.Builder
	bad := false
	for _, c := range s {
		if c == utf8.RuneError {
			if !bad {
				sb.WriteRune(c)
			}
			bad = true
			continue
		}
		bad = false
		switch {
		case c == '\\':
			sb.WriteString(`\\`)
		case c == '\t':
			sb.WriteString(`\t`)
		case c == '\n':
			sb.WriteString(`\n`)
		case c < 0x20 || c == 0x7f:
			fmt.Fprintf(&sb, `\x%02x`, c)
		default:
			sb.WriteRune(c)
		}
	}
	return sb.String()
}

// A book holds all records of one reader, in the order in which they were told.
type book struct {
	*interner
	style
	recs     []record
	base     int64 // added to all times
	autoBase bool  // base is to be found by comparing
	verdict  string
	notes    []string
}

func newBook(in *interner) *book { return &book{interner: in} }

func gSection(g uint64) string { return "g" + strconv.FormatUint(g, 10) }
func pSection(p uint64) string { return "p" + strconv.FormatUint(p, 10) }

// sectionKey orders sections: goroutines, processors, their sweeps, and the rest.
func sectionKey(name string) (class int, num uint64, rest string) {
	if len(name) > 1 && (name[0] == 'g' || name[0] == 'p') {
		digits, tail, _ := strings.Cut(name[1:], "/")
		if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
			class = map[byte]int{'g': 0, 'p': 1}[name[0]]
			if tail != "" {
				class = 2
			}
			return class, n, tail
		}
	}
	return 3, 0, name
}

func sectionLess(a, b string) bool {
	ca, na, ra := sectionKey(a)
	cb, nb, rb := sectionKey(b)
	switch {
	case ca != cb:
		return ca < cb
	case na != nb:
		return na < nb
	}
	return ra < rb
}

type section struct {
	name string
	recs []*record
}

// sections sorts the records by section, keeping the order within each; samples, which no reader
// orders against the rest, by time.
func (b *book) sections(keep func(*record) bool) []section {
	byName := map[uint32]int{}
	var list []section
	for i := range b.recs {
		r := &b.recs[i]
		if keep != nil && !keep(r) {
			continue
		}
		at, ok := byName[r.where]
		if !ok {
			at = len(list)
			byName[r.where] = at
			list = append(list, section{name: b.text[r.where]})
		}
		list[at].recs = append(list[at].recs, r)
	}
	sort.Slice(list, func(i, j int) bool { return sectionLess(list[i].name, list[j].name) })
	for _, s := range list {
		if s.name == "sample" {
			b.sortSamples(s.recs)
		}
	}
	return list
}

func (b *book) sortSamples(recs []*record) {
	sort.SliceStable(recs, func(i, j int) bool {
		x, y := recs[i], recs[j]
		if x.time != y.time {
			return x.time < y.time
		}
		if x.peer != y.peer {
			return x.peer < y.peer
		}
		return b.text[x.stack] < b.text[y.stack]
	})
}

// spread finds out how much later each time could be: Go makes times strictly increasing, so that
// of events at the same instant any could be the last of those that follow at steps of 1 ns.
func (b *book) spread() {
	for i := len(b.recs) - 2; i >= 0; i-- {
		if b.recs[i+1].time == b.recs[i].time+1 {
			b.recs[i].late = b.recs[i+1].late + 1
		}
	}
}
