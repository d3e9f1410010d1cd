# SPDX-License-Identifier: GPL-2.0-only
# bash completion for memlab
#
# Commands and options come from "memlab help -q", which knows them all.

# Completes with these words.
_memlab_words() {
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

_memlab_files() {
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# A list with commas: its last name is the one to complete.
_memlab_list() {
	local done=""
	[[ $1 == *,* ]] && done=${1%,*},
	mapfile -t COMPREPLY < <(compgen -P "$done" -W "$2" -- "${1##*,}")
}

# Reads the tables of a command into subcommands, options, long and argument, which are
# the caller's. A line has name, short form and argument of an option, with tabs between
# them and "-" for none; or the name of a subcommand.
_memlab_load() {
	local name short takes
	while IFS=$'\t' read -r name short takes; do
		if [[ -z $short ]]; then
			subcommands+=("${name##* }")
			continue
		fi
		options+=("--$name")
		long[-$short]=--$name
		argument[--$name]=$takes
	done < <(memlab help -q "$@" 2>/dev/null)
}

# The argument of an option.
_memlab_argument() {
	local cur=$1 command=$2 option=$3
	local columns="ID ALLOCATOR FUNCTION SIZE ELEMENTS ELEMENT-SIZE ORDER USABLE SLACK BACKING \
		PATH CACHE SLAB-CACHE GFP GFP-USED CONTEXT SEEN PREEMPT-COUNT CONTIGUOUS EXTENTS \
		LARGEST ADDRESS ALIGN PHYS PHYS-ALIGN NODE ZEROED PERSISTENT RESIZES MAP-LENGTH \
		MAPPINGS UID PID"
	case $option in
	--allocator) _memlab_words "$cur" "$allocators" ;;
	--columns) _memlab_list "$cur" "$columns" ;;
	--sort) _memlab_words "$cur" "$columns" ;;
	--user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
	--device | --file | --svg) _memlab_files "$cur" ;;
	--context) _memlab_words "$cur" "process atomic softirq hardirq" ;;
	--gfp)
		_memlab_list "$cur" "kernel nowait atomic user highuser dma dma32 zero high nofail \
			noretry retry-mayfail nowarn account thisnode warn no-account"
		;;
	--cache) _memlab_words "$cur" "$(memlab cache list -q 2>/dev/null)" ;;
	--explain) _memlab_words "$cur" "$(memlab verify --list -q 2>/dev/null)" ;;
	--allocators) _memlab_list "$cur" "$allocators" ;;
	--pattern) _memlab_words "$cur" "pair batch bulk grow read write" ;;
	--output | --plot | --load) _memlab_files "$cur" ;;
	--format)
		case $command in
		read) _memlab_words "$cur" "hex raw" ;;
		verify) _memlab_words "$cur" "table json ktap rst" ;;
		esac
		;;
	esac
}

# An operand of a command; so many stand before it.
_memlab_operand() {
	local cur=$1 command=$2 before=$3
	case $command in
	alloc | try)
		((before)) ||
			_memlab_words "$cur" "$allocators"
		;;
	stats) _memlab_words "$cur" "$allocators" ;;
	show | layout | free) _memlab_words "$cur" "$(memlab list -q 2>/dev/null)" ;;
	read | write | fill | check | resize)
		((before)) || _memlab_words "$cur" "$(memlab list -q 2>/dev/null)"
		;;
	"cache show" | "cache destroy")
		_memlab_words "$cur" "$(memlab cache list -q 2>/dev/null)"
		;;
	verify) _memlab_words "$cur" "$(memlab verify --list -q 2>/dev/null)" ;;
	esac
}

_memlab() {
	local cur=$2 helping="" operands=0 i word
	local -a subcommands=() options=() path=()
	local -A long=([-d]=--device) argument=([--device]=PATH)
	local allocators="kmalloc vmalloc kvmalloc pages pages-exact cache"

	COMPREPLY=()
	_memlab_load
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == -* ]]; then
			word=${long[$word]-$word}
			[[ ${argument[$word]--} == - ]] && continue
			((++i == COMP_CWORD)) || continue
			_memlab_argument "$cur" "${path[*]}" "$word"
			return
		elif [[ $word == help && -z ${path[*]} ]]; then
			# What follows are commands, as before it.
			helping=1
		elif ((${#subcommands[@]})); then
			path+=("$word")
			subcommands=() options=()
			_memlab_load "${path[@]}"
		else
			((operands++))
		fi
	done

	if [[ $cur == -* ]]; then
		_memlab_words "$cur" \
			"${options[*]} --json --quiet --bytes --device --help --version"
	elif ((${#subcommands[@]})); then
		_memlab_words "$cur" "${subcommands[*]}"
	elif [[ -z $helping ]]; then
		_memlab_operand "$cur" "${path[*]}" "$operands"
	fi
}

complete -F _memlab memlab
