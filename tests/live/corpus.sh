# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2154
# The corpus of planted faults and healthy programs as one program, chosen by argument; sourced after
# tests/live/lib.sh. $cases: the ones wanted, "" all.
# All mains as packages of one program, chosen by argument: 700 programs are one link each otherwise.
# What a line says stays on that line.
corpus_source()
{
	src=$LIVE/corpus
	rm -rf "$src"
	mkdir -p "$src"
	printf 'module corpus\n\ngo 1.18\n' >"$src/go.mod"
	{
		printf 'package main\n\nimport (\n\t"fmt"\n\t"os"\n'
		for d in tests/targets/faults/*/ tests/targets/healthy/*/; do
			printf '\t_%s "corpus/%s"\n' "$(basename "$d")" "$(basename "$d")"
		done
		printf ')\n\nvar cases = map[string]func(){\n'
		for d in tests/targets/faults/*/ tests/targets/healthy/*/; do
			printf '\t"%s": _%s.Main,\n' "$(basename "$d")" "$(basename "$d")"
		done
		printf '}\n\nfunc main() {\n\tfmt.Println("ready")\n\tcases[os.Args[1]]()\n}\n'
	} >"$src/main.go"
	for d in tests/targets/faults/*/ tests/targets/healthy/*/; do
		n=$(basename "$d")
		mkdir "$src/$n"
		sed "s/^package main\$/package $n/; s/^func main() {/func Main() {/" "$d/main.go" >"$src/$n/main.go"
	done
}

corpus_build() # VERSION GO KIND
{
	flags=
	[ "$3" = plain ] || flags='-s -w'
	(
		cd "$LIVE/corpus" || exit 1
		export GO111MODULE=on GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS= GOPROXY=off
		"$2" build -ldflags "$flags" -o "$LIVE/corpus-$1-$3" .
	) >"$WORK/build.log" 2>&1
}

list_cases()
{
	for d in tests/targets/faults/*/ tests/targets/healthy/*/; do
		n=$(basename "$d")
		[ -z "$cases" ] || case " $cases " in *" $n "*) ;; *) continue ;; esac
		echo "${d%/}"
	done
}

# corpus_args "$@": [-v VERSION]... [CASE]...: $versions and $cases
corpus_args()
{
	versions='' cases=''
	while [ $# -gt 0 ]; do
		case $1 in
		-v) versions="$versions $2"; shift ;;
		*) cases="$cases $1" ;;
		esac
		shift
	done
}
