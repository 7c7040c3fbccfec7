# SPDX-License-Identifier: Apache-2.0
# bash completion for bingo-top, made by bingo-top --completions bash
# shellcheck shell=bash
_bingo_top()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		[[ ${COMP_WORDS[i]} == -- ]] || continue
		if ((i + 1 == COMP_CWORD)); then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
	done
	# --name=value comes as three words
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	case $prev in
	--replay|--exe|--record|--config|--script) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); compopt -o filenames 2>/dev/null; return ;;
	--export) mapfile -t COMPREPLY < <(compgen -W 'jsonl dot folded folded-off' -- "$cur"); return ;;
	--fail-on) mapfile -t COMPREPLY < <(compgen -W 'info warning error' -- "$cur"); return ;;
	--theme) mapfile -t COMPREPLY < <(compgen -W 'auto dark light high-contrast mono' -- "$cur"); return ;;
	--color) mapfile -t COMPREPLY < <(compgen -W 'auto always never 16 256' -- "$cur"); return ;;
	--completions) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$cur"); return ;;
	--record-limit|--record-on|-n|--iterations|-d|--delay|--duration|--rate|--budget|--allow-stop|--past|--filter|--substitute-path|--size)  return ;;
	esac
	case $cur in
	-*) mapfile -t COMPREPLY < <(compgen -W '--replay --exe --record --record-limit --record-on --record-source -b --batch -n --iterations -d --delay --once --duration --rate --budget --allow-stop --past --no-bpf --no-ptrace --json --export --fail-on --config --filter --system --substitute-path --theme --color --ascii --no-mouse --plain --script --size --print-config --completions -h --help --version --' -- "$cur") ;;
	*) mapfile -t COMPREPLY < <(cd /proc && compgen -W "doctor $(echo [0-9]*)" -- "$cur") ;;
	esac
}
complete -F _bingo_top bingo-top
