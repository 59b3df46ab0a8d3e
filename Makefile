# smc: secure multi-party computation between databases
#
#   make            build smc.so (PostgreSQL 15 and its server headers needed)
#   make install    install it where PG_CONFIG says
#   make check      prove all of it on private clusters; needs nothing before it
#   make demo       three organisations, one answer
#
# Objects are listed by layer: pg -> link -> core, never back.  Core is built
# without PostgreSQL's headers at all, as an archive of its own (make core),
# with the compiler as the first layer check and test/tools/check-layers as the
# second.

MODULE_big = smc
EXTENSION = smc
DATA = smc--1.0.sql
PGFILEDESC = "smc - secure multi-party computation between databases"

OBJS_CORE = $(patsubst %.c,%.o,$(sort $(wildcard src/core/*.c)))
OBJS_LINK = $(patsubst %.c,%.o,$(sort $(wildcard src/link/*.c)))
OBJS_PG = $(patsubst %.c,%.o,$(sort $(wildcard src/pg/*.c)))
OBJS = $(OBJS_CORE) $(OBJS_LINK) $(OBJS_PG)

PG_CONFIG ?= $(firstword $(wildcard /usr/lib/postgresql/15/bin/pg_config) pg_config)
CORE_ARCHIVE = build/libsmccore.a

# Warnings are errors everywhere.  PostgreSQL's callbacks leave parameters
# unused and its macros compare signs, so those two are off above core.
WARNINGS = -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes \
	-Wpointer-arith -Wdeclaration-after-statement -Wvla
PG_WARNINGS = -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers

# Targets that stand above the build: they install what is missing, make a
# private PostgreSQL and call make again.  PGXS knows none of them (and has a
# "check" of its own, which only says that it isn't supported).
DRIVERS = check setup regress pgtap prove demo bench

.PHONY: $(DRIVERS) core unit unit-valgrind unit-asan fuzz layers bench-engine

ifneq ($(filter $(DRIVERS),$(MAKECMDGOALS)),)
ifneq ($(filter-out $(DRIVERS),$(MAKECMDGOALS)),)
$(error $(filter $(DRIVERS),$(MAKECMDGOALS)) can't be made together with $(filter-out $(DRIVERS),$(MAKECMDGOALS)))
endif

check:
	test/tools/check

setup:
	test/tools/setup

regress pgtap prove:
	test/tools/check build $@

demo:
	demo/run

bench:
	bench/run

else

# Keep LLVM bitcode away: nothing here is worth inlining, and clang isn't needed.
override with_llvm = no

PG_CFLAGS = $(PG_WARNINGS) -MMD -MP
EXTRA_CLEAN = build $(OBJS:.o=.d)

# Core alone needs no PostgreSQL, so its targets don't either.
ifneq ($(filter-out core unit unit-valgrind unit-asan fuzz bench-engine build/bench/engine,$(or $(MAKECMDGOALS),all)),)
PGXS := $(shell $(PG_CONFIG) --pgxs)
ifeq ($(wildcard $(PGXS)),)
$(error no PostgreSQL 15 server headers: run test/tools/setup, or set PG_CONFIG)
endif
PG_CPPFLAGS := -Isrc -I$(shell $(PG_CONFIG) --includedir)
SHLIB_LINK := -lsodium -lssl -lcrypto -L$(shell $(PG_CONFIG) --libdir) -lpq
include $(PGXS)
endif

-include $(OBJS:.o=.d)

#
# Core
#
CORE_CC = $(or $(CC),cc)
CORE_CFLAGS = -std=gnu99 -O3 -g -fPIC -fstack-protector-strong -Isrc $(WARNINGS) -MMD -MP

$(OBJS_CORE): src/core/%.o: src/core/%.c
	$(CORE_CC) $(CORE_CFLAGS) -c -o $@ $<

core: $(CORE_ARCHIVE)

$(CORE_ARCHIVE): $(OBJS_CORE)
	@mkdir -p $(@D)
	rm -f $@
	ar rcs $@ $^

#
# Unit tests: one program for each test/unit/test_*.c, linked with the archive
# and with what the tests share (test/unit/*.c that aren't programs).  ct_*.c
# are programs whose secrets are marked undefined: valgrind reports each branch
# or index that depends on one.
#
UNIT_SRC = $(sort $(wildcard test/unit/test_*.c))
UNIT_CT_SRC = $(sort $(wildcard test/unit/ct_*.c))
UNIT_LIB_SRC = $(filter-out $(UNIT_SRC) $(UNIT_CT_SRC),$(sort $(wildcard test/unit/*.c)))
UNIT_LIBS = -lcmocka -lsodium -lcrypto -lpthread -lm
UNIT_CFLAGS = $(CORE_CFLAGS) -Itest/unit
UNITS = $(UNIT_SRC:test/unit/%.c=build/unit/%)
UNIT_CTS = $(UNIT_CT_SRC:test/unit/%.c=build/unit/%)
UNITS_ASAN = $(UNIT_SRC:test/unit/%.c=build/asan/%)
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
UNIT_RUN = test/tools/run-units

build/unit/%: test/unit/%.c $(UNIT_LIB_SRC) $(CORE_ARCHIVE)
	@mkdir -p $(@D)
	$(CORE_CC) $(UNIT_CFLAGS) -MF $@.d -o $@ $< $(UNIT_LIB_SRC) $(CORE_ARCHIVE) $(UNIT_LIBS)

build/asan/core/%.o: src/core/%.c
	@mkdir -p $(@D)
	$(CORE_CC) $(CORE_CFLAGS) -O1 $(SANITIZE) -c -o $@ $<

build/asan/%: test/unit/%.c $(UNIT_LIB_SRC) $(OBJS_CORE:src/%=build/asan/%)
	@mkdir -p $(@D)
	$(CORE_CC) $(UNIT_CFLAGS) -O1 $(SANITIZE) -MF $@.d -o $@ $< $(UNIT_LIB_SRC) $(OBJS_CORE:src/%=build/asan/%) $(UNIT_LIBS)

-include $(UNITS:=.d) $(UNIT_CTS:=.d) $(UNITS_ASAN:=.d) $(OBJS_CORE:src/%.o=build/asan/%.d)

unit: $(UNITS)
	$(UNIT_RUN) plain $(UNITS)

unit-valgrind: $(UNITS) $(UNIT_CTS)
	$(UNIT_RUN) valgrind $(UNITS) $(UNIT_CTS)

unit-asan: $(UNITS_ASAN)
	$(UNIT_RUN) asan $(UNITS_ASAN)

#
# Fuzzing of everything that reads a peer's bytes, FUZZ_SECONDS each.
#
FUZZ_SECONDS ?= 20
FUZZ_SRC = $(sort $(wildcard test/fuzz/fuzz_*.c))
FUZZERS = $(FUZZ_SRC:test/fuzz/%.c=build/fuzz/%)

build/fuzz/%: test/fuzz/%.c $(wildcard src/core/*.[ch])
	@mkdir -p $(@D)
	clang -std=gnu99 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Isrc \
		-o $@ $< $(wildcard src/core/*.c) -lsodium -lcrypto

fuzz: $(FUZZERS)
	$(UNIT_RUN) fuzz $(FUZZERS)

#
# Rates of the sharing engine, figures of doc/protocols.md.
#
build/bench/engine: bench/engine.c test/unit/smc_testnet.c $(CORE_ARCHIVE)
	@mkdir -p $(@D)
	$(CORE_CC) $(UNIT_CFLAGS) -MF $@.d -o $@ $< test/unit/smc_testnet.c $(CORE_ARCHIVE) -lsodium -lcrypto -lpthread

-include build/bench/engine.d

bench-engine: build/bench/engine
	build/bench/engine

layers: $(CORE_ARCHIVE)
	PG_CONFIG='$(PG_CONFIG)' test/tools/check-layers $(CORE_ARCHIVE)

.SECONDARY:

endif
