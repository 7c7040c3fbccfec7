# SPDX-License-Identifier: Apache-2.0
# bingo-top. Quiet; V=1 shows the commands. DEBUG=1 builds for the debugger,
# SANITIZE=address,undefined with gcc's or clang's sanitizers, each in a folder of its own.

PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CLANG   ?= clang
BPFTOOL ?= $(firstword $(shell command -v bpftool) $(wildcard /usr/sbin/bpftool /sbin/bpftool))
# Seconds: of each fuzzer; of make soak it is 600 where nothing is said.
TIME    ?= 60

# One variant, one folder. BUILD may have come from the command line: hence the override.
comma := ,
BASE := $(BUILD)
ifdef DEBUG
override BUILD := $(BASE)/debug
endif
ifdef SANITIZE
override BUILD := $(BASE)/sanitize-$(subst $(comma),-,$(SANITIZE))
endif

PKGS := ncursesw panelw libuv libpcre2-8 libelf libdw libzstd zlib jansson inih libutf8proc

OPT := -O2 -g
HARD := -fstack-protector-strong -fstack-clash-protection -fPIE
ifneq ($(SANITIZE),)
OPT := -O1 -g -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
LDSAN := -fsanitize=$(SANITIZE)
else ifneq ($(DEBUG),)
OPT := -O0 -g3
else
HARD += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif

WARN := -Wall -Wextra -Wshadow -Wvla -Werror=implicit -Wstrict-prototypes -Wmissing-prototypes
DEFS := -D_GNU_SOURCE -Isrc -I$(BUILD)/gen

ALL_CFLAGS = -std=gnu11 $(OPT) $(WARN) $(DEFS) $(HARD) $(PKG_CFLAGS) -pthread $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDSAN) $(LDFLAGS)
LIBS = $(PKG_LIBS) -lm -pthread

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2:$(BUILD)/%=%)')

SRC := $(sort $(filter-out %.bpf.c,$(wildcard src/*.c src/*/*.c src/*/*/*.c)))
OBJ := $(SRC:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libbingo.a
LIB_OBJ := $(filter-out $(BUILD)/src/main.o,$(OBJ))
PROGRAM := $(if $(filter src/main.c,$(SRC)),$(BUILD)/bingo-top,$(LIB))

# tests/unit, fuzz and bench: each file is a program build/DIR/NAME. Drivers of the scripts in
# the other folders: tests/DIR/NAME.c is build/tests/DIR/NAME.
UNIT := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/bench/bench_*.c))
DRIVERS := $(patsubst %.c,$(BUILD)/%,$(wildcard $(patsubst %,tests/%/*.c,cli golden live pty tools trace)))

GOALS := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out clean dist fmt uninstall,$(GOALS)),)
MISSING := $(shell for p in $(PKGS); do pkg-config --exists $$p || echo $$p; done 2>&1)
ifneq ($(MISSING),)
$(error pkg-config does not find: $(MISSING). ./bootstrap.sh build installs what is needed)
endif
# The kernel's side, where clang knows its target and bpftool and libbpf are here; BPF=no leaves it out.
BPF_SRC := $(wildcard src/bpf/*.bpf.c)
ifneq ($(if $(filter no,$(BPF)),,$(BPF_SRC)),)
HAVE_BPF := $(shell tests/lib/can-bpf.sh '$(CLANG)' '$(BPFTOOL)' && echo yes)
endif
ifneq ($(HAVE_BPF),)
PKGS += libbpf
DEFS += -DBINGO_BPF
SKEL := $(BPF_SRC:src/bpf/%.bpf.c=$(BUILD)/gen/bpf/%.skel.h)
endif
# What drops rights once they are not needed, each where it is here; CAP=no, SECCOMP=no leave them out.
HAVE_CAP := $(if $(filter no,$(CAP)),,$(shell pkg-config --exists libcap && echo yes))
HAVE_SECCOMP := $(if $(filter no,$(SECCOMP)),,$(shell pkg-config --exists 'libseccomp >= 2.4' && echo yes))
PKGS += $(HAVE_CAP:yes=libcap) $(HAVE_SECCOMP:yes=libseccomp)
DEFS += $(HAVE_CAP:yes=-DBINGO_CAP) $(HAVE_SECCOMP:yes=-DBINGO_SECCOMP)
# Disassembly, where capstone is here; CAPSTONE=no leaves it out. It is loaded when first used, all references to
# it being weak (src/target/capstone.c), so --as-needed leaves it off; the static program takes it from the archive.
HAVE_CAPSTONE := $(if $(filter no,$(CAPSTONE)),,$(shell pkg-config --exists 'capstone >= 4' && echo yes))
PKGS += $(HAVE_CAPSTONE:yes=capstone)
DEFS += $(HAVE_CAPSTONE:yes=-DBINGO_CAPSTONE)
STATIC_WANTS := $(if $(HAVE_CAPSTONE),$(patsubst %,-Wl$(comma)-u$(comma)cs_%,open close option malloc free disasm_iter))
# Packed DWARF unpacks in half the time with libdeflate; DEFLATE=no leaves it to zlib.
HAVE_DEFLATE := $(if $(filter no,$(DEFLATE)),,$(shell pkg-config --exists libdeflate && echo yes))
PKGS += $(HAVE_DEFLATE:yes=libdeflate)
DEFS += $(HAVE_DEFLATE:yes=-DBINGO_DEFLATE)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS := $(shell pkg-config --libs $(PKGS))
endif

.PHONY: all check bench fuzz soak coverage lint fmt install uninstall dist clean tests fuzzers golden-update generated static tarball deb image screenshots FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: $(PROGRAM)

# Files that change only when what they say does: the version, and the compiler with its flags.
VERSION := $(shell tests/lib/version.sh)
define keep
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(1))' >$@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@
endef
$(BUILD)/gen/version.h: FORCE
	$(call keep,#define BINGO_VERSION "$(VERSION)")
$(BUILD)/gen/flags: FORCE
	$(call keep,$(CC) $(ALL_CFLAGS))
FORCE:

BPF_ARCH := $(patsubst x86_64%,x86,$(patsubst aarch64%,arm64,$(shell $(CC) -dumpmachine)))
BPF_FLAGS := -std=gnu11 -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -Isrc -Wall -Wextra -Wno-unused-parameter
$(BUILD)/gen/bpf/%.o: src/bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG) $(BPF_FLAGS) -MMD -MP -c $< -o $@

$(BUILD)/gen/bpf/%.skel.h: $(BUILD)/gen/bpf/%.o
	$(Q)$(BPFTOOL) gen object $(<:.o=.linked) $<
	$(Q)$(BPFTOOL) gen skeleton $(<:.o=.linked) name $*_bpf >$@

# Scripts within exports, as text that C can include.
JS := $(patsubst src/%,$(BUILD)/gen/%.h,$(wildcard src/*/*.js))
$(BUILD)/gen/%.js.h: src/%.js
	@mkdir -p $(@D)
	$(call say,JS,$<)
	$(Q){ echo 'static const char $(*F)_js[] ='; sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$$/\\n"/' $<; echo ';'; } >$@

$(BUILD)/%.o: %.c $(BUILD)/gen/flags | $(BUILD)/gen/version.h $(SKEL) $(JS)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# What is left out of the archive when a source file goes away must not stay in it.
$(BUILD)/gen/members: FORCE
	$(call keep,$(LIB_OBJ))
$(LIB): $(LIB_OBJ) $(BUILD)/gen/members
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

define link
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter %.o %.a,$^) $(LIBS) $(1) -o $@
endef

$(BUILD)/bingo-top: $(BUILD)/src/main.o $(LIB)
	$(call link)

# The same objects with every library inside: runs on any Linux of the machine's kind, in an empty root too.
# libuv's archive has a name of its own in Debian. Of what ld says two warnings are left out: that getpwuid_r
# and dlopen need the C library's own files. libuv knows the one, and this program never calls it; the other is
# called only where capstone is not inside.
STATIC_PKGS := $(shell pkg-config --exists libuv-static 2>/dev/null && echo '$(PKGS:libuv=libuv-static)' || echo '$(PKGS)')
STATIC_LIBS = -Wl,--start-group $(shell pkg-config --static --libs $(STATIC_PKGS)) -lzstd -Wl,--end-group -lm -pthread
$(BUILD)/bingo-top-static: $(BUILD)/src/main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(patsubst -pie,-static-pie,$(ALL_LDFLAGS)) $(STATIC_WANTS) $(filter %.o %.a,$^) $(STATIC_LIBS) -o $@ 2>$@.log; rc=$$?; \
		grep -v -e getpwuid_r -e dlopen $@.log >&2; rm -f $@.log; exit $$rc

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	$(call link,-lcmocka)

$(BUILD)/bench/bench_latency $(BUILD)/bench/bench_cost $(BUILD)/bench/bench_start $(BUILD)/bench/bench_vars: $(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(LIB)
	$(call link,-lvterm -lutil)

$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(LIB)
	$(call link)

$(BUILD)/tests/pty/%: $(BUILD)/tests/pty/%.o $(LIB)
	$(call link,-lvterm -lutil)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB)
	$(call link)

# Fuzzers are clang's: all of src is built once more, instrumented.
FUZZ_FLAGS := -std=gnu11 -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer -DBINGO_FUZZ
FUZZ_OBJ := $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(filter-out src/main.c,$(SRC)))
FUZZ_MAIN := $(patsubst $(BUILD)/fuzz/%,$(BUILD)/fuzz/obj/tests/fuzz/%.o,$(FUZZ))

$(BUILD)/gen/fuzz-flags: FORCE
	$(call keep,$(CLANG) $(FUZZ_FLAGS) $(DEFS) $(PKG_CFLAGS))

$(BUILD)/fuzz/obj/%.o: %.c $(BUILD)/gen/fuzz-flags | $(BUILD)/gen/version.h $(SKEL) $(JS)
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)
	$(Q)$(CLANG) $(FUZZ_FLAGS) $(WARN) -Wno-missing-prototypes $(DEFS) $(PKG_CFLAGS) -pthread -MMD -MP -c $< -o $@

$(BUILD)/fuzz/libbingo.a: $(FUZZ_OBJ) $(BUILD)/gen/members
	$(Q)rm -f $@ && $(AR) rcs $@ $(FUZZ_OBJ)

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o $(BUILD)/fuzz/libbingo.a
	$(call say,FUZZLD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined $(filter %.o %.a,$^) $(LIBS) -o $@

# The unit tests once more, with clang's sanitizers: what the fuzzers are linked with is there.
ASAN_UNIT := $(UNIT:$(BUILD)/unit/%=$(BUILD)/asan/%)
$(BUILD)/asan/%: $(BUILD)/fuzz/obj/tests/unit/%.o $(BUILD)/fuzz/libbingo.a
	@mkdir -p $(@D)
	$(call say,ASANLD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer-no-link,address,undefined $(filter %.o %.a,$^) $(LIBS) -lcmocka -o $@

# And the program itself, for the keys at random of tests/pty/soak.sh.
$(BUILD)/asan/bingo-top: $(BUILD)/fuzz/obj/src/main.o $(BUILD)/fuzz/libbingo.a
	@mkdir -p $(@D)
	$(call say,ASANLD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer-no-link,address,undefined $(filter %.o %.a,$^) $(LIBS) -o $@

# Benchmarks are built as well, so that what they call is not taken away unseen.
tests: all $(UNIT) $(DRIVERS) $(BENCH)
fuzzers: $(FUZZ)

# Where clang has no libFuzzer, tests/fuzz/run and tests/unit/sanitized.sh say so and count a skip.
ifneq ($(filter check fuzz,$(GOALS)),)
CAN_FUZZ := $(shell tests/lib/can-fuzz.sh $(CLANG) && echo fuzzers)
endif

check: tests $(CAN_FUZZ) $(if $(CAN_FUZZ),$(ASAN_UNIT) $(BUILD)/asan/bingo-top)
	$(Q)BUILD='$(BUILD)' CC='$(CC)' CLANG='$(CLANG)' TIME='$(TIME)' tests/run

bench: all $(BENCH) $(DRIVERS)
	$(Q)BUILD='$(BUILD)' tests/bench/run

fuzz: $(CAN_FUZZ)
	$(Q)BUILD='$(BUILD)' CLANG='$(CLANG)' TIME='$(TIME)' BUDGET=0 tests/fuzz/run

# The long form of tests/pty/soak.sh: TIME seconds, keys by SEED, beside it the program under sanitizers.
SEED ?= $(shell date +%s)
SOAKED := $(BASE)/sanitize-address-undefined/bingo-top
soak: TIME = 600
soak: tests
	$(Q)if tests/lib/can-sanitize.sh '$(CC)'; then $(MAKE) --no-print-directory BUILD='$(BASE)' SANITIZE=address,undefined all; fi
	$(Q)BUILD='$(BUILD)' SOAK_TIME='$(TIME)' SOAK_SEED='$(SEED)' SOAK_SANITIZED='$(SOAKED)' tests/pty/soak.sh

# How much of src/ the tests run through, by tests/coverage.sh. A build of its own, counted by the compiler.
coverage:
	$(Q)$(MAKE) --no-print-directory BUILD='$(BASE)/cov' OPT='-O0 -g --coverage' HARD= LDFLAGS='--coverage $(LDFLAGS)' tests
	$(Q)BUILD='$(BASE)/cov' CC='$(CC)' tests/coverage.sh

lint: $(BUILD)/gen/version.h $(SKEL) $(JS)
	$(Q)BUILD='$(BUILD)' CC='$(CC)' CLANG='$(CLANG)' LINT_DEEP=yes tests/lint/run

fmt:
	$(Q)tests/lint/format.sh --write

golden-update: all $(BUILD)/tests/golden/code_screens
	$(Q)BUILD='$(BUILD)' tests/golden/run.sh --update

# What is made of the program's tables and kept in the tree: the manual's sections, the completions.
generated: all $(BUILD)/tests/tools/print_man
	$(Q)BUILD='$(BUILD)' tests/tools/generate.sh

# source:destination below PREFIX. PROGRAM=FILE installs a program that is built already.
INSTALL := man/bingo-top.1:share/man/man1/bingo-top.1 \
	man/bingo-top.5:share/man/man5/bingo-top.5 \
	completions/bingo-top.bash:share/bash-completion/completions/bingo-top \
	completions/_bingo-top:share/zsh/site-functions/_bingo-top \
	completions/bingo-top.fish:share/fish/vendor_completions.d/bingo-top.fish \
	$(foreach d,README.md $(wildcard docs/*.md),$(d):share/doc/bingo-top/$(notdir $(d)))
INSTALLED := $(foreach i,$(INSTALL),$(if $(wildcard $(firstword $(subst :, ,$(i)))),$(i)))

install: all
	$(call say,INSTALL,$(DESTDIR)$(PREFIX)/bin/bingo-top)
	$(Q)install -D -m 755 $(PROGRAM) '$(DESTDIR)$(PREFIX)/bin/bingo-top'
	$(Q)for i in $(INSTALLED); do install -D -m 644 "$${i%%:*}" "$(DESTDIR)$(PREFIX)/$${i#*:}" || exit 1; done

uninstall:
	$(Q)rm -f '$(DESTDIR)$(PREFIX)/bin/bingo-top'
	$(Q)for i in $(INSTALL); do rm -f "$(DESTDIR)$(PREFIX)/$${i#*:}"; done
	$(Q)rmdir '$(DESTDIR)$(PREFIX)/share/doc/bingo-top' 2>/dev/null || :

# Packages, each a file or folder in $(BUILD): docs/packages.md.
static: $(BUILD)/bingo-top-static

tarball: static
	$(Q)BUILD='$(BUILD)' MAKE='$(MAKE)' VERSION='$(VERSION)' packaging/tarball.sh

image: static
	$(Q)BUILD='$(BUILD)' MAKE='$(MAKE)' packaging/image.sh

deb: all
	$(Q)BUILD='$(BUILD)' VERSION='$(VERSION)' packaging/deb.sh

screenshots: all
	$(Q)BUILD='$(BUILD)' screenshots/make.sh

dist:
	@mkdir -p $(BUILD)
	$(Q)git archive --format=tar.gz --prefix=bingo-top-$(VERSION)/ -o $(BUILD)/bingo-top-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/bingo-top-$(VERSION).tar.gz

clean:
	$(Q)rm -rf $(BUILD)

-include $(OBJ:.o=.d) $(UNIT:$(BUILD)/%=$(BUILD)/tests/%.d) $(BENCH:$(BUILD)/%=$(BUILD)/tests/%.d)
-include $(SKEL:.skel.h=.d) $(DRIVERS:=.d) $(FUZZ_OBJ:.o=.d) $(FUZZ_MAIN:.o=.d)
-include $(BUILD)/fuzz/obj/src/main.d
-include $(ASAN_UNIT:$(BUILD)/asan/%=$(BUILD)/fuzz/obj/tests/unit/%.d)
