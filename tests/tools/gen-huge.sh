#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the source of a Go program that is as large as one likes: many packages of many types and
# functions, all of which are linked. Its goroutines' stacks run through the packages.
#   tests/tools/gen-huge.sh DIR [PACKAGES [TYPES]]
# 275 packages of 75 types: about 100 MB as `go build` leaves them; 165, with -ldflags=-compressdwarf=false.
set -eu
dir=$1 packages=${2:-275} types=${3:-75}
seq -f "$dir/p%03.0f" 0 $((packages - 1)) | xargs mkdir -p
printf 'module huge\n\ngo 1.19\n' >"$dir/go.mod"

awk -v dir="$dir" -v packages="$packages" -v types="$types" '
function package(n,    f, i, name)
{
	name = sprintf("p%03d", n)
	f = dir "/" name "/p.go"
	print "package " name "\n\nimport (\n\t\"fmt\"\n\t\"strings\"\n)\n" >f
	print "var All = map[string]func(int, []string) string{}\n" >f
	print "func init() {" >f
	for (i = 0; i < types; i++)
		printf "\tAll[\"t%d\"] = func(n int, s []string) string { return New%d(n, s).Run(n) }\n", i, i >f
	print "}\n" >f
	for (i = 0; i < types; i++)
		type(f, name, i)
	# one frame of a stack
	print "//go:noinline\nfunc Frame(depth int, name string, next func(int)) int {" >f
	printf "\tvalue := New%d(depth, []string{name})\n\tnext(depth + 1)\n", n % types >f
	print "\treturn len(value.Names) + depth\n}" >f
	close(f)
}
function type(f, name, i)
{
	printf "type T%d struct {\n\tID int\n\tNames []string\n\tIndex map[string]*T%d\n\tNext *T%d\n\tDone chan Kind%d\n\tAny interface{}\n}\n\n", i, i, (i + 1) % types, i >f
	printf "type Kind%d uint8\n\nfunc (k Kind%d) String() string { return fmt.Sprintf(\"%s.%d(%%d)\", uint8(k)) }\n\n", i, i, name, i >f
	printf "//go:noinline\nfunc New%d(id int, names []string) *T%d {\n\tt := &T%d{ID: id, Names: names, Index: map[string]*T%d{}, Done: make(chan Kind%d, 1)}\n\tfor i, n := range names {\n\t\tt.Index[strings.ToUpper(n)] = &T%d{ID: i, Any: Kind%d(i)}\n\t}\n\treturn t\n}\n\n", i, i, i, i, i, i, i >f
	printf "//go:noinline\nfunc (t *T%d) Run(n int) string {\n\tvar b strings.Builder\n\tfor key, value := range t.Index {\n\t\tif value.ID > n {\n\t\t\tcontinue\n\t\t}\n\t\tline := fmt.Sprint(key, value.ID, n)\n\t\tb.WriteString(line)\n\t}\n\tif t.Next != nil {\n\t\tb.WriteString(t.Next.Run(n + 1))\n\t}\n\treturn b.String()\n}\n\n", i >f
}
BEGIN {
	for (n = 0; n < packages; n++)
		package(n)
	f = dir "/main.go"
	print "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"" >f
	for (n = 0; n < packages; n++)
		printf "\t\"huge/p%03d\"\n", n >f
	print ")\n\nvar frames = []func(int, string, func(int)) int{" >f
	for (n = 0; n < packages; n++)
		printf "\tp%03d.Frame,\n", n >f
	print "}\n\nvar all = []map[string]func(int, []string) string{" >f
	for (n = 0; n < packages; n++)
		printf "\tp%03d.All,\n", n >f
	print "}\n" >f
	print "func deep(depth, most int, stop chan struct{}) {\n\tif depth >= most {\n\t\t<-stop\n\t\treturn\n\t}" >f
	print "\tframes[depth%len(frames)](depth, fmt.Sprint(\"frame \", depth), func(d int) { deep(d, most, stop) })\n}\n" >f
	print "func main() {\n\tfor i := 0; i < 20; i++ {\n\t\tgo deep(i*7, i*7+8, make(chan struct{}))\n\t}" >f
	print "\tif len(os.Args) > 1 {\n\t\tfmt.Println(all[0][os.Args[1]](1, nil))\n\t}" >f
	print "\tfmt.Println(\"ready\")\n\tos.Stdin.Read(make([]byte, 1))\n}" >f
	close(f)
}'
