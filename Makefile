# SPDX-License-Identifier: GPL-2.0-only
#
# The front door. `make help` lists the tasks.
#
# Paths may hold blanks: they stay out of make's own lists of names, and are quoted
# wherever the shell sees them.

BUILD  ?= build
PREFIX ?= /usr/local
DESTDIR ?=
absolute = $(if $(filter /%,$(1)),,$(CURDIR)/)$(1)
override BUILD := $(call absolute,$(BUILD))
# Neither make nor the shell's quotes can take these.
ifneq ($(findstring ',$(BUILD)$(DESTDIR)$(PREFIX))$(findstring $$,$(BUILD)$(DESTDIR)$(PREFIX)),)
$(error memlab: a path holds an apostrophe or a dollar sign: $(BUILD) $(DESTDIR) $(PREFIX))
endif
ifneq ($(DESTDIR),)
override DESTDIR := $(call absolute,$(DESTDIR))
endif

# Kernel of the virtual machine; tests/vm/fetch lists the names. Empty: its default.
KERNEL ?=
# Those of check-matrix; none means all.
KERNELS ?=
# Groups of packages that emulate what this computer is not, for KERNEL and for KERNELS.
FOREIGN = $(filter arm64,$(KERNEL))
FOREIGN_ALL = $(filter arm64,$(or $(KERNELS),arm64))
# Pieces of check-fresh; tests/fresh --list lists them.
PIECES ?=
# Where the tests run: vm, or local for a module loaded on this computer.
TARGET ?= vm

# Where modules, udev rules and sysusers.d files go, whatever PREFIX says. Where /lib is
# a link to /usr/lib, packages bring their files in the latter.
MODULESDIR ?= /lib/modules
UDEVRULESDIR ?= $(or $(shell { realpath -m "$$(pkg-config --variable=udevdir udev)"; } 2>/dev/null),\
	/usr/lib/udev)/rules.d
SYSUSERSDIR ?= $(or $(shell pkg-config --variable=sysusersdir systemd 2>/dev/null),/usr/lib/sysusers.d)
# As for the kernel's own modules: 1 strips debug information, 0 nothing.
INSTALL_MOD_STRIP ?= 1
STRIP ?= strip
# Build tree of the kernel that the module is for.
KDIR ?= $(MODULESDIR)/$(shell uname -r)/build
# include/config/kernel.release is not what Debian's kernels call themselves.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' '$(KDIR)'/include/generated/utsrelease.h \
	2>/dev/null)
MODULE_DIR = $(BUILD)/module/$(RELEASE)
# Kbuild refuses paths with blanks or colons: then it works in a copy in the user's cache.
CACHE_DIR = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/memlab/$(firstword $(shell \
	printf %s '$(BUILD)' | cksum))
KBUILD_DIR = $(if $(or $(word 2,$(BUILD)),$(findstring :,$(BUILD))),$(CACHE_DIR)/$(RELEASE),$(MODULE_DIR))
# Type information of a module needs the kernel's own, and pahole.
NO_BTF = $(if $(and $(wildcard $(KDIR)/vmlinux),$(shell command -v pahole)),,\
	CONFIG_DEBUG_INFO_BTF_MODULES=)
make_folder = mkdir -p '$(1)' || { \
	echo 'memlab: cannot build in $(1); set BUILD=DIR to another folder' >&2; exit 1; }
# All processors build, unless make was started with another number of jobs.
PARALLEL = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc || echo 1)) \
	-Otarget --no-print-directory

# Virtual machines at a time, of 1 to 2 GiB each; the computer itself can be tested only once.
JOBS ?= $(if $(filter local,$(TARGET)),0,$(shell n=$$(nproc); echo $$((n < 4 ? n : 4))))
# How long to fuzz, in seconds, and which programs (for check-repeat: which order of files); FUZZ="--user alice --threads 1" says more.
DURATION ?= 60
SEED ?=
FUZZ ?=
# Of check-repeat: how often, whether beside busy processes, and which folders or files.
N ?= 5
LOAD ?=
TESTS ?= tests
# The spine: allocate, map, fill, lay out, free; dumps, events and the tool.
QUICK := content layout alloc lifetime mapping mapping_kinds vma abi_values users cli cli_cache \
	cli_stats netlink_dump netlink_events netlink_order netlink_stats signals races probe \
	proxy header schedule vm_log vm_walk
# More options for pytest, such as PYTEST="-k claims -x".
PYTEST ?=

# What `make setup` installs packages for: tasks, such as FOR="demo check".
FOR ?= all

# Debian's Python, which Debian's pytest belongs to, or else the first one.
PYTHON ?= $(or $(wildcard /usr/bin/python3),python3)
# The sources may be read-only.
export PYTHONPYCACHEPREFIX := $(BUILD)/pycache
export HYPOTHESIS_STORAGE_DIRECTORY := $(BUILD)/hypothesis
RUN = BUILD='$(BUILD)' $(PYTHON)
RUN_PYTEST = BUILD='$(BUILD)' KERNEL='$(KERNEL)' TARGET='$(TARGET)' $(PYTHON) -m pytest \
	-o cache_dir='$(BUILD)/.pytest_cache'
KERNEL_OPTION = $(if $(KERNEL),--kernel '$(KERNEL)')

all: tools module ## Build the library, the tool and the module; fails without kernel headers

help: ## List the tasks
	@echo 'memlab: see what kernel memory is made of. Tasks:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables: KERNEL=$(KERNEL) TARGET=$(TARGET) PREFIX=$(PREFIX) DESTDIR= KDIR= BUILD= JOBS= PYTEST='
	@echo 'Building and installing needs compilers, headers and pkg-config; tasks that boot'
	@echo 'a virtual machine, and lint, need Debian and install packages by apt.'

demo: ## See it: boot a virtual machine, allocate, map, ask the witnesses, write a report
	@tests/setup $@ $(FOREIGN)
	@$(RUN) tests/demo.py $(KERNEL_OPTION)

check: $(if $(filter local,$(TARGET)),tools guest) ## Run the tests, in a virtual machine; TARGET=local for the loaded module
	@TARGET='$(TARGET)' tests/setup $@ $(FOREIGN)
	$(RUN_PYTEST) -n $(JOBS) --dist loadfile tests $(PYTEST)

check-quick: ## Run the spine of the tests, in about a minute
	@tests/setup $@ $(FOREIGN)
	$(RUN_PYTEST) -n $(JOBS) --dist loadfile $(QUICK:%=tests/test_%.py) $(PYTEST)

check-matrix: ## Run the tests on every kernel; KERNELS="6.1 cloud" on some
	@tests/setup $@ $(FOREIGN_ALL)
	@$(RUN) tests/matrix --kernels '$(KERNELS)' --jobs $(JOBS) -- $(PYTEST)

check-repeat: ## Run the tests N times, and list what differs; LOAD=1 keeps processors busy
	@tests/setup $@ $(FOREIGN)
	@KERNEL='$(KERNEL)' TARGET='$(TARGET)' $(RUN) tests/repeat --runs $(N) \
		--jobs $(JOBS) $(if $(filter-out 0,$(LOAD)),--load) \
		$(if $(SEED),--shuffle $(SEED)) --tests $(TESTS) -- $(PYTEST)

check-fresh: ## Run make demo and make check in new Debian systems; PIECES="12-demo" runs some
	@tests/setup $@
	@$(RUN) tests/fresh $(PIECES)

claims-by-kernel: ## Measure the claims on every kernel, for the page that compares them
	@tests/setup $@ $(FOREIGN_ALL)
	@mkdir -p '$(BUILD)'
	@$(RUN) tests/claims-by-kernel >'$(BUILD)/claims-by-kernel.rst'
	@mv '$(BUILD)/claims-by-kernel.rst' Documentation/

debug-kernel: ## Build the kernel that catches mistakes
	@tests/setup $@
	@$(RUN) tests/vm/fetch debug

check-debug: debug-kernel ## Run the tests on that kernel, with those that need it
	@$(MAKE) -s check KERNEL=debug

scale: ## Measure allocations and dumps with 100 and with 100 000 live buffers
	@tests/setup $@ $(FOREIGN)
	$(RUN_PYTEST) tests/test_scale.py $(PYTEST)

bench: ## Measure what memlab itself costs, beside the least that it could
	@tests/setup $@
	@$(RUN) tests/costs

performance: ## Run bench, and write its table into Documentation/performance.rst
	@tests/setup $@
	@$(RUN) tests/costs --write

fuzz: ## Throw random calls at the driver; DURATION= seconds, SEED= of an older run
	@tests/setup $@ $(FOREIGN)
	@$(RUN) tests/fuzz $(KERNEL_OPTION) --seconds '$(DURATION)' $(if $(SEED),--seed '$(SEED)') $(FUZZ)

shell: ## A shell in the virtual machine, with the module loaded
	@tests/setup $@ $(FOREIGN)
	@$(RUN) tests/vm/run $(KERNEL_OPTION)

lint: ## Compiler, sparse, checkpatch, shellcheck, Python and format checks
	@tests/setup $@
	@BUILD='$(BUILD)' PYTHON='$(PYTHON)' tests/lint

setup: ## Install the Debian packages that tasks need; FOR="demo check" names some
	@tests/setup $(FOR) && echo 'setup: the packages for $(FOR) are installed'

# The tool first, so that it is there when the module cannot be built. In a copy, so that
# several kernels can have a module each; by content, for an older file may be a newer version.
module: | $(if $(filter all,$(or $(MAKECMDGOALS),all)),tools) ## Build the module, for KDIR
	@tools/need module '$(KDIR)' '$(KBUILD_DIR)'
	@$(call make_folder,$(MODULE_DIR)/driver)
	@$(call make_folder,$(KBUILD_DIR))
	@find driver uapi -type f | while read -r file; do \
		cmp -s "$$file" '$(KBUILD_DIR)/'"$$file" || \
			install -D -m 644 "$$file" '$(KBUILD_DIR)/'"$$file" || exit 1; \
	done
	@$(MAKE) -s $(PARALLEL) -C '$(KDIR)' M='$(KBUILD_DIR)'/driver $(NO_BTF) modules
	@[ '$(KBUILD_DIR)' = '$(MODULE_DIR)' ] || \
		cp '$(KBUILD_DIR)/driver/memlab.ko' '$(MODULE_DIR)/driver/'
	@echo 'module: $(MODULE_DIR)/driver/memlab.ko'

tools: ## Build the library and the tool
	@$(MAKE) -s -C tools BUILD='$(BUILD)/tools'
	@echo 'tools: $(BUILD)/tools/memlab'

guest: ## Build the programs that tests run beside the driver
	@$(call make_folder,$(BUILD)/guest)
	@[ "$$(readlink '$(BUILD)/guest/source')" = '$(CURDIR)' ] || \
		ln -sfn '$(CURDIR)' '$(BUILD)/guest/source'
	@$(MAKE) $(PARALLEL) -C '$(BUILD)/guest' -f source/tests/guest/Makefile

install: tools ## Install the tool, the library, headers and man pages
	@$(MAKE) -s -C tools install BUILD='$(BUILD)/tools' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

uninstall: ## Remove what install put there
	@$(MAKE) -s -C tools uninstall BUILD='$(BUILD)/tools' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

PLACES = DESTDIR='$(DESTDIR)' MODULESDIR='$(MODULESDIR)' UDEVRULESDIR='$(UDEVRULESDIR)' \
	SYSUSERSDIR='$(SYSUSERSDIR)'

install-module: module ## Install the module for KDIR's kernel, the udev rule and its group
	@$(PLACES) INSTALL_MOD_STRIP='$(INSTALL_MOD_STRIP)' STRIP='$(STRIP)' \
		driver/install '$(MODULE_DIR)/driver/memlab.ko' '$(RELEASE)'

uninstall-module: ## Remove the module of all kernels, and the udev rule
	@$(PLACES) driver/install --remove

clean: ## Remove what was built; downloaded kernels stay
	rm -rf '$(BUILD)' '$(CACHE_DIR)'
	find tests -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .pytest_cache

.PHONY: all help demo check check-quick check-matrix check-repeat check-fresh check-debug claims-by-kernel debug-kernel scale bench \
	performance fuzz shell lint setup module tools guest install uninstall install-module uninstall-module clean
