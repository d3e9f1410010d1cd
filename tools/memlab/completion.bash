# SPDX-License-Identifier: GPL-2.0-only
# bash completion for memlab

_memlab_ids() {
	mapfile -t COMPREPLY < <(compgen -W "$(memlab list -q 2>/dev/null)" -- "$1")
}

_memlab() {
	local cur=$2 prev=$3
	local commands="info alloc list show layout read write fill check free try help version"
	local options="--json --quiet --bytes --device --help --version"
	local command="" operands=0 word i

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-d | --device | -n | --node | -o | --offset | -l | --length | -s | --seed | \
			-x | --hex | -f | --file | --format | --limit)
			((i++))
			;;
		-*) ;;
		*)
			if [[ -z $command ]]; then
				command=$word
			else
				((operands++))
			fi
			;;
		esac
	done

	COMPREPLY=()
	case $prev in
	-d | --device | --file)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W "hex raw" -- "$cur")
		return
		;;
	-f)
		if [[ $command == read ]]; then
			mapfile -t COMPREPLY < <(compgen -W "hex raw" -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		return
		;;
	-n | --node | -o | --offset | -l | --length | -s | --seed | -x | --hex | --limit)
		return
		;;
	esac

	if [[ $cur == -* ]]; then
		case $command in
		alloc) options+=" --zero --node" ;;
		layout) options+=" --limit --map --no-map" ;;
		read) options+=" --offset --length --format" ;;
		write) options+=" --offset --hex --file" ;;
		fill | check) options+=" --seed --offset --length" ;;
		free) options+=" --all" ;;
		try) options+=" --zero --node --seed --limit --map --no-map" ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		return
	fi

	case $command in
	"") mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur") ;;
	alloc | try)
		((operands)) || mapfile -t COMPREPLY < <(compgen -W "kmalloc vmalloc" -- "$cur")
		;;
	show | free) _memlab_ids "$cur" ;;
	layout | read | write | fill | check) ((operands)) || _memlab_ids "$cur" ;;
	help) ((operands)) || mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur") ;;
	esac
}

complete -F _memlab memlab
