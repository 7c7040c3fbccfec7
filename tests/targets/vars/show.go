// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// What a variable reads like, by reflection: what bingo-top has to show as well. The bounds are its own.
const (
	maxString = 64
	maxItems  = 16
	maxDepth  = 4
)

var (
	printed sync.Mutex
	sink    any
)

// line prints "FUNCTION NAME TYPE = TEXT".
func line(fn, name, typ, text string) {
	printed.Lock()
	fmt.Printf("%s %s %s = %s\n", fn, name, typ, text)
	printed.Unlock()
}

// show says what the variable of the calling function is.
func show[T any](name string, v T) {
	line(caller(), name, reflect.TypeOf((*T)(nil)).Elem().String(), text(reflect.ValueOf(&v).Elem(), 0))
}

// told is show with a text that reflection does not know.
func told[T any](name string, _ T, text string) {
	line(caller(), name, reflect.TypeOf((*T)(nil)).Elem().String(), text)
}

// toldPtr is the same for what must not be copied.
func toldPtr[T any](name string, _ *T, text string) {
	line(caller(), name, reflect.TypeOf((*T)(nil)).Elem().String(), text)
}

func caller() string {
	pc, _, _, _ := runtime.Caller(2)
	fs := runtime.CallersFrames([]uintptr{pc + 1})
	f, _ := fs.Next()
	return strings.ReplaceAll(f.Function, "[...]", "")
}

// park says that the goroutine stands; it never returns.
func park() {
	parked.Done()
	<-never
}

func quote(s string) string {
	if len(s) <= maxString {
		return strconv.Quote(s)
	}
	cut := maxString
	for cut > maxString-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (len %d)", strconv.Quote(s[:cut]), len(s))
}

func items(n int, item func(int) string) string {
	var b strings.Builder
	for i := 0; i < n && i < maxItems; i++ {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(item(i))
	}
	if n > maxItems {
		fmt.Fprintf(&b, ", … %d more", n-maxItems)
	}
	return "{" + b.String() + "}"
}

func isText(b []byte) bool {
	if len(b) == 0 || !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if !strconv.IsPrint(r) && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}

func list(v reflect.Value, depth int) string {
	if depth >= maxDepth {
		return "{…}"
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b := make([]byte, v.Len())
		for i := range b {
			b[i] = byte(v.Index(i).Uint())
		}
		if isText(b) {
			return quote(string(b))
		}
	}
	return items(v.Len(), func(i int) string { return text(v.Index(i), depth+1) })
}

func mapping(v reflect.Value, depth int) string {
	if depth >= maxDepth {
		return "{…}"
	}
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool {
		a, b := keys[i], keys[j]
		switch a.Kind() {
		case reflect.String:
			return a.String() < b.String()
		case reflect.Float64, reflect.Float32:
			return a.Float() < b.Float()
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			return a.Int() < b.Int()
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
			return a.Uint() < b.Uint()
		}
		return text(a, depth+1) < text(b, depth+1)
	})
	return items(len(keys), func(i int) string {
		return text(keys[i], depth+1) + ": " + text(v.MapIndex(keys[i]), depth+1)
	})
}

func structure(v reflect.Value, depth int) string {
	if depth >= maxDepth && v.NumField() > 0 {
		return "{…}"
	}
	return items(v.NumField(), func(i int) string {
		return v.Type().Field(i).Name + ": " + text(v.Field(i), depth+1)
	})
}

// dynamic is the value in an interface, with its type where the text alone does not tell it.
func dynamic(v reflect.Value, depth int) string {
	s := text(v, depth)
	t := v.Type().String()
	if v.Type().PkgPath() == "" {
		switch v.Kind() {
		case reflect.Bool, reflect.String, reflect.Int, reflect.Float64, reflect.Func:
			return s
		}
	}
	switch v.Kind() {
	case reflect.Struct, reflect.Array:
		return t + s
	case reflect.Map, reflect.Slice:
		if strings.HasPrefix(s, "{") {
			return t + s
		}
	case reflect.Ptr:
		if strings.HasPrefix(s, "&{") {
			return "&" + t[1:] + s[1:]
		}
		return "(" + t + ")(" + s + ")"
	}
	return t + "(" + s + ")"
}

func pointer(v reflect.Value, depth int) string {
	if depth >= 2 {
		return fmt.Sprintf("0x%x", v.Pointer())
	}
	return "&" + text(v.Elem(), depth+1)
}

func funcName(v reflect.Value) string {
	return runtime.FuncForPC(v.Pointer()).Name()
}

func text(v reflect.Value, depth int) string {
	switch v.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Uintptr:
		return fmt.Sprintf("0x%x", v.Uint())
	case reflect.Float32:
		return fmt.Sprint(float32(v.Float()))
	case reflect.Float64:
		return fmt.Sprint(v.Float())
	case reflect.Complex64:
		return fmt.Sprint(complex64(v.Complex()))
	case reflect.Complex128:
		return fmt.Sprint(v.Complex())
	case reflect.String:
		return quote(v.String())
	case reflect.Array:
		return list(v, depth)
	case reflect.Struct:
		return structure(v, depth)
	}
	return reference(v, depth)
}

func reference(v reflect.Value, depth int) string {
	if v.Kind() == reflect.UnsafePointer {
		if v.Pointer() == 0 {
			return "nil"
		}
		return fmt.Sprintf("0x%x", v.Pointer())
	}
	if v.IsNil() {
		return "nil"
	}
	switch v.Kind() {
	case reflect.Slice:
		return list(v, depth)
	case reflect.Map:
		return mapping(v, depth)
	case reflect.Ptr:
		return pointer(v, depth)
	case reflect.Interface:
		return dynamic(v.Elem(), depth)
	case reflect.Func:
		return funcName(v)
	}
	return fmt.Sprintf("len %d, cap %d", v.Len(), v.Cap())
}

var bigFloat = math.MaxFloat64
