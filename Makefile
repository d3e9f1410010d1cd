# SPDX-License-Identifier: GPL-2.0-only
#
# The front door. `make help` lists the tasks.

BUILD  ?= $(CURDIR)/build
PREFIX ?= /usr/local
DESTDIR ?=

# Kernel of the virtual machine; tests/vm/fetch lists the names.
KERNEL ?=
# Those of check-matrix; none means all.
KERNELS ?=
# Groups of packages that emulate what this computer is not, for KERNEL and for KERNELS.
FOREIGN = $(filter arm64,$(KERNEL))
FOREIGN_ALL = $(filter arm64,$(or $(KERNELS),arm64))
# Where the tests run: vm, or local for a module loaded on this computer.
TARGET ?= vm
# Build tree of the kernel that the module is for: the running one, or else the
# virtual machine's.
ifndef KDIR
KDIR = $(eval KDIR := $(or $(wildcard /lib/modules/$(shell uname -r)/build),$(shell tests/vm/fetch \
	$(KERNEL) --print headers)))$(KDIR)
endif
# include/config/kernel.release is not what Debian's kernels call themselves.
RELEASE = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' '$(KDIR)'/include/generated/utsrelease.h)
MODULE_DIR = $(BUILD)/module/$(RELEASE)
# Type information of a module needs the kernel's own, and pahole.
NO_BTF = $(if $(and $(wildcard $(KDIR)/vmlinux),$(shell command -v pahole)),,\
	CONFIG_DEBUG_INFO_BTF_MODULES=)
# Where udev and systemd look for what packages bring, whatever PREFIX says.
UDEV_RULE = /usr/lib/udev/rules.d/60-memlab.rules
SYSUSERS = /usr/lib/sysusers.d/memlab.conf
# Virtual machines at a time, of 1 to 2 GiB each; the computer itself can be tested only once.
JOBS ?= $(if $(filter local,$(TARGET)),0,$(shell n=$$(nproc); echo $$((n < 4 ? n : 4))))
# How long to fuzz, in seconds, and which programs; FUZZ="--user alice --threads 1" says more.
DURATION ?= 60
SEED ?=
FUZZ ?=
# More options for pytest, such as PYTEST="-k claims -x".
PYTEST ?=

PYTHON := /usr/bin/python3
GUEST_CFLAGS := -static -O2 -g -Wall -Wextra -Wno-missing-field-initializers
GUEST_SOURCES := $(wildcard tests/guest/*.c)
GUEST_BIN := $(BUILD)/guest/bin
# The compiler of 32-bit programs.
CC32 ?= $(CC) -m32
GUEST_PROGRAMS := $(GUEST_SOURCES:tests/guest/%.c=$(GUEST_BIN)/%) $(GUEST_BIN)/proxy32 \
	$(GUEST_BIN)/failnth $(GUEST_BIN)/fuzz

all: module tools ## Build the module and the tool

help: ## List the tasks
	@echo 'memlab: see what kernel memory is made of. Tasks:'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' Makefile
	@echo 'Variables: KERNEL='$(KERNEL)' TARGET=$(TARGET) PREFIX=$(PREFIX) DESTDIR= KDIR= BUILD= JOBS= PYTEST='

demo: ## See it: boot a virtual machine, allocate, map, ask the witnesses, write a report
	@tests/setup build vm $(FOREIGN)
	@BUILD='$(BUILD)' $(PYTHON) tests/demo.py $(if $(KERNEL),--kernel '$(KERNEL)')

check: ## Run the tests, in a virtual machine; TARGET=local for the loaded module
	@tests/setup build vm check $(FOREIGN)
	BUILD='$(BUILD)' KERNEL='$(KERNEL)' TARGET='$(TARGET)' $(PYTHON) -m pytest \
		-n $(JOBS) --dist loadfile tests $(PYTEST)

check-matrix: ## Run the tests on every kernel; KERNELS="6.1 cloud" on some
	@tests/setup build vm check $(FOREIGN_ALL)
	@BUILD='$(BUILD)' $(PYTHON) tests/matrix --kernels '$(KERNELS)' --jobs $(JOBS) -- $(PYTEST)

claims-by-kernel: ## Measure the claims on every kernel, for the page that compares them
	@tests/setup build vm $(FOREIGN_ALL)
	@BUILD='$(BUILD)' $(PYTHON) tests/claims-by-kernel >$(BUILD)/claims-by-kernel.rst
	@mv $(BUILD)/claims-by-kernel.rst Documentation/

debug-kernel: ## Build the kernel that catches mistakes
	@tests/setup build vm kernel
	@tests/vm/fetch debug

check-debug: debug-kernel ## Run the tests on that kernel, with those that need it
	@$(MAKE) -s check KERNEL=debug

scale: ## Measure allocations and dumps with 100 and with 100 000 live buffers
	@tests/setup build vm check $(FOREIGN)
	BUILD='$(BUILD)' KERNEL='$(KERNEL)' $(PYTHON) -m pytest tests/test_scale.py $(PYTEST)

bench: ## Measure what memlab itself costs, beside the least that it could
	@tests/setup build vm
	@BUILD='$(BUILD)' tests/costs

performance: ## The same, for the page that tells of it
	@tests/setup build vm
	@BUILD='$(BUILD)' tests/costs --write

fuzz: ## Throw random calls at the driver; DURATION= seconds, SEED= of an older run
	@tests/setup build vm check $(FOREIGN)
	@BUILD='$(BUILD)' tests/fuzz $(if $(KERNEL),--kernel '$(KERNEL)') --seconds '$(DURATION)' \
		$(if $(SEED),--seed '$(SEED)') $(FUZZ)

shell: ## A shell in the virtual machine, with the module loaded
	@tests/setup build vm $(FOREIGN)
	@tests/vm/run $(if $(KERNEL),--kernel '$(KERNEL)')

lint: ## Compiler, sparse, checkpatch, shellcheck, Python and format checks
	@tests/setup build vm check lint
	@BUILD='$(BUILD)' tests/lint

setup: ## Install the Debian packages that all tasks need
	@tests/setup build vm check arm64 kernel lint

# The driver is built in a copy, so that several kernels can have one each.
module: ## Build the module, for KDIR
	@tests/setup build
	@set -e; \
	if [ -z '$(KDIR)' ]; then \
		echo 'make: no kernel headers; set KDIR' >&2; exit 1; \
	fi; \
	mkdir -p '$(MODULE_DIR)'; \
	cp -Ru driver uapi '$(MODULE_DIR)'; \
	$(MAKE) -s -C '$(KDIR)' M='$(MODULE_DIR)'/driver $(NO_BTF) modules; \
	echo 'module: $(MODULE_DIR)/driver/memlab.ko'

tools: ## Build the library and the tool
	@tests/setup build
	@$(MAKE) -s -C tools BUILD='$(BUILD)/tools'

guest: $(GUEST_PROGRAMS) ## Build the programs that tests run beside the driver

$(GUEST_BIN)/%: tests/guest/%.c
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -Iuapi -o $@ $<

$(GUEST_BIN)/failnth: $(wildcard tests/guest/failnth/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -Iuapi -o $@ $(filter %.c,$^)

$(GUEST_BIN)/%32: tests/guest/%.c
	@mkdir -p $(@D)
	$(CC32) $(GUEST_CFLAGS) -Iuapi -o $@ $<

# The C programs that it writes hold its headers. Far from the numbers that it passes as
# addresses, which the kernel would write to.
$(GUEST_BIN)/fuzz: $(wildcard tests/guest/fuzz/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(filter-out -static,$(GUEST_CFLAGS)) -static-pie -fPIE -D_GNU_SOURCE -Iuapi \
		-Wa,-Itests/guest/fuzz -o $@ $(filter %.c,$^)

install: tools ## Install the tool, the library, headers and man pages
	@$(MAKE) -s -C tools install BUILD='$(BUILD)/tools' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

uninstall: ## Remove what install put there
	@$(MAKE) -s -C tools uninstall BUILD='$(BUILD)/tools' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)'

install-module: module ## Install the module for KDIR's kernel, the udev rule and its group
	@install -D -m 644 '$(MODULE_DIR)'/driver/memlab.ko \
		'$(DESTDIR)'/lib/modules/$(RELEASE)/extra/memlab.ko
	@install -D -m 644 driver/60-memlab.rules '$(DESTDIR)$(UDEV_RULE)'
	@install -D -m 644 driver/memlab.sysusers '$(DESTDIR)$(SYSUSERS)'
	@[ -n '$(DESTDIR)' ] || depmod $(RELEASE)
	@[ -n '$(DESTDIR)' ] || ! command -v systemd-sysusers >/dev/null || \
		systemd-sysusers '$(SYSUSERS)'

# The group stays: files may be its.
uninstall-module: ## Remove the module of KDIR's kernel, and the udev rule
	@rm -f '$(DESTDIR)'/lib/modules/$(RELEASE)/extra/memlab.ko \
		'$(DESTDIR)$(UDEV_RULE)' '$(DESTDIR)$(SYSUSERS)'
	@[ -n '$(DESTDIR)' ] || depmod $(RELEASE)

clean: ## Remove what was built; downloaded kernels stay
	rm -rf '$(BUILD)'
	find tests -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .pytest_cache

.PHONY: all help demo check check-matrix check-debug claims-by-kernel debug-kernel scale bench \
	performance fuzz shell lint setup module tools guest install uninstall install-module uninstall-module clean
