# bingo-top. Quiet; V=1 shows the commands, DEBUG=1 builds for the debugger,
# SANITIZE=address,undefined into a folder of its own.

PREFIX  ?= /usr/local
DESTDIR ?=
BUILD   ?= build
CLANG   ?= clang

PKGS := ncursesw panelw libuv libpcre2-8 libelf libdw libzstd zlib libutf8proc

OPT := -O2 -g
ifdef DEBUG
OPT := -O0 -g3
BUILD := $(BUILD)/debug
endif
ifdef SANITIZE
OPT += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
BUILD := $(BUILD)/sanitize
LDFLAGS += -fsanitize=$(SANITIZE)
endif

WARN := -Wall -Wextra -Wshadow -Wvla -Werror=implicit -Wstrict-prototypes -Wmissing-prototypes
DEFS := -D_GNU_SOURCE -Isrc -I$(BUILD)/gen
HARD := $(if $(SANITIZE)$(DEBUG),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

CFLAGS += -std=gnu11 $(OPT) $(WARN) $(DEFS) $(HARD) $(PKG_CFLAGS) -pthread
LDFLAGS += -pie -Wl,-z,relro,-z,now
LIBS := $(PKG_LIBS) -lm -pthread

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

SRC := $(wildcard src/*.c src/*/*.c)
OBJ := $(SRC:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libbingo.a
LIB_OBJ := $(filter-out $(BUILD)/src/main.o,$(OBJ))

UNIT := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
# drivers of the other tests, each a program: tests/X/Y.c is $(BUILD)/tests/X/Y
DRIVERS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard $(addsuffix /*.c,$(addprefix tests/,trace live pty bench tools))))

.PHONY: all check bench fuzz lint fmt install uninstall dist clean tests fuzzers golden-update
.SECONDARY:
.DELETE_ON_ERROR:

all: $(BUILD)/bingo-top

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || cat VERSION 2>/dev/null || echo unknown)
$(BUILD)/gen/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define BINGO_VERSION "%s"\n' '$(VERSION)' >$@.new
	@cmp -s $@.new $@ && rm -f $@.new || mv $@.new $@
FORCE:

$(BUILD)/src/options.o: | $(BUILD)/gen/version.h

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c $< -o $@

$(LIB): $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/bingo-top: $(BUILD)/src/main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -lcmocka -o $@

$(BUILD)/tests/pty/%: LIBS += -lvterm -lutil
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

# Fuzzers are clang's: all of src is built once more, instrumented.
FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_OBJ := $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(filter-out src/main.c,$(SRC)))
$(BUILD)/fuzz/obj/%.o: %.c | $(BUILD)/gen/version.h
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)
	$(Q)$(CLANG) -std=gnu11 -O1 -g $(FUZZ_FLAGS) $(DEFS) $(PKG_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/fuzz/libbingo.a: $(FUZZ_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o $(BUILD)/fuzz/libbingo.a
	$(call say,FUZZLD,$@)
	$(Q)$(CLANG) -fsanitize=fuzzer,address,undefined $^ $(LIBS) -o $@

tests: all $(UNIT) $(DRIVERS)
fuzzers: $(FUZZ)

check: tests
	$(Q)BUILD=$(BUILD) tests/run

bench: all $(filter $(BUILD)/tests/bench/%,$(DRIVERS))
	$(Q)BUILD=$(BUILD) tests/bench/run

TIME ?= 60
fuzz: fuzzers
	$(Q)BUILD=$(BUILD) TIME=$(TIME) tests/fuzz/run

lint:
	$(Q)BUILD=$(BUILD) CC=$(CC) tests/lint/run

fmt:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

golden-update: all
	$(Q)BUILD=$(BUILD) tests/golden/run.sh --update

install: all
	install -D -m 755 $(BUILD)/bingo-top $(DESTDIR)$(PREFIX)/bin/bingo-top
	install -D -m 644 man/bingo-top.1 $(DESTDIR)$(PREFIX)/share/man/man1/bingo-top.1

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/bingo-top $(DESTDIR)$(PREFIX)/share/man/man1/bingo-top.1

dist:
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=bingo-top-$(VERSION)/ -o $(BUILD)/bingo-top-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/bingo-top-$(VERSION).tar.gz

clean:
	rm -rf $(BUILD)

-include $(OBJ:.o=.d) $(UNIT:$(BUILD)/unit/%=$(BUILD)/tests/unit/%.d) $(DRIVERS:=.d) $(FUZZ_OBJ:.o=.d)
