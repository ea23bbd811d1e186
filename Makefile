# SPDX-License-Identifier: MIT
# Trunkline: build, run, test. `make help` lists the targets.
#
# Knobs:
#   SAN=address|undefined|thread   build and test with a sanitizer (own folder)
#   CC=gcc                         compiler; clang works too
#   V=1                            show the commands
#   T=name                         `make unit T=id`, `make api T=delete`: a part
#   SEEDS=20000 FIRST=1            `make sim`: how many, from which on
#   SECONDS=60                     how long `make fuzz` runs each target
#   ROWS=1k,1m ROUNDS=5 QUICK=1    `make bench`: sizes, rounds, a short run
#   ROWS=100k FILE=/tmp/x.db       `make seed`: how many numbers, and where to

CC      ?= gcc
SAN     ?=
T       ?=
ROWS    ?=
B       := build$(if $(SAN),/san-$(SAN))
Q       := $(if $(V),,@)
VERSION := 1.0.0

PKGS     := libmicrohttpd libcurl jansson sqlite3 libsodium libseccomp liblz4
CPPFLAGS := -Iinclude -I$(B)/gen -D_GNU_SOURCE -DTRUNKLINE_VERSION='"$(VERSION)"' \
            $(if $(SAN),-DTRUNKLINE_SANITIZER='"$(SAN)"')
WARN     := -Wall -Wextra -Werror -Wformat=2 -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef \
            -Wimplicit-fallthrough -Wvla -Wno-unused-parameter
# OpenSSF's compiler guide, as far as this compiler knows the flags;
# tests/support/lint_hardening.sh looks at what came of it.
known    = $(shell for f in $(1); do echo 'int x;' | $(CC) -Werror $$f -x c -c \
             -o /dev/null - 2>/dev/null && echo $$f; done)
HARDEN   := -fPIE $(call known,-fstack-protector-strong \
            -fstack-clash-protection -fcf-protection=full \
            -ftrivial-auto-var-init=zero -fzero-init-padding-bits=all \
            -fstrict-flex-arrays=3 -fno-delete-null-pointer-checks \
            -fno-strict-overflow -fno-strict-aliasing) \
            $(if $(SAN),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
CFLAGS   := -std=gnu11 -O2 -g -pthread $(WARN) $(HARDEN) \
            $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer) \
            $(if $(filter address,$(SAN)),-fsanitize=undefined) \
            $(if $(SAN),-fno-sanitize-recover=all)
LDFLAGS  := -pie -pthread -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed \
            $(if $(SAN),-fsanitize=$(SAN)) \
            $(if $(filter address,$(SAN)),-fsanitize=undefined)
# Looked up when first used, so that `make deps` can run on a bare machine.
LIBS      = $(shell pkg-config --libs $(PKGS))
LIBS_TEST = $(shell pkg-config --libs cmocka)

# What the service links, and what the sandbox links: never each other.
SERVICE_DIRS := base net provider steps store saga api
SERVICE_SRC  := $(foreach d,$(SERVICE_DIRS),$(wildcard src/$(d)/*.c))
SANDBOX_SRC  := $(wildcard src/base/*.c) $(wildcard src/sandbox/*.c)
obj = $(patsubst %.c,$(B)/%.o,$(1))

.PHONY: FORCE help build run docs test unit sim sim-mutants bench bench-check seed gate gate-record gate-profile torture fuzz fuzz-targets api contract lint analyze clean deps deps-test format longest
.DEFAULT_GOAL := help

# Of `make test`: what is measured is gcc's code.
GATE := $(if $(SAN)$(filter-out gcc cc,$(CC)),,gate bench-check)

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' Makefile

build: $(B)/trunkline $(B)/trunkline-sandbox ## both binaries, in build/

docs: build/docs/.stamp ## fetch the rendered reference for /docs, through npm

# clang means more by it than gcc.
$(B)/src/%.o: CFLAGS += $(if $(findstring clang,$(CC)),,-Wconversion)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo '  CC   $<')
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Generated: the migrations and the API description, as bytes to compile in.
$(B)/gen/migrations.inc: src/store/embed-migrations.sh $(wildcard migrations/*.sql)
	@mkdir -p $(@D)
	$(Q)sh $^ > $@.tmp && mv $@.tmp $@

$(B)/gen/openapi.json: openapi.yaml tests/support/yaml_to_json.py
	@mkdir -p $(@D)
	$(Q)/usr/bin/python3 tests/support/yaml_to_json.py $< > $@.tmp && mv $@.tmp $@

$(B)/gen/openapi_json.inc: $(B)/gen/openapi.json tests/support/embed.sh
	$(Q)sh tests/support/embed.sh $< > $@.tmp && mv $@.tmp $@

$(B)/gen/openapi_yaml.inc: openapi.yaml tests/support/embed.sh
	@mkdir -p $(@D)
	$(Q)sh tests/support/embed.sh $< > $@.tmp && mv $@.tmp $@

# What /docs shows. Looked at each time, since `make docs` may have brought the
# rendered reference meanwhile; written, and docs.o built, only on a change.
$(B)/gen/docs.inc: $(B)/gen/openapi.json FORCE
	$(Q)tests/support/docs.py $< src/api/docs build/docs $(@D)

# npm packages, which only the reference and the contract tests need.
build/%/.stamp: tests/support/npm_ci.sh
	@tests/support/deps.sh node
	@tests/support/npm_ci.sh $(NPM_$*) $(@D)

NPM_docs     := src/api/docs
NPM_contract := tests/contract
build/docs/.stamp: $(wildcard src/api/docs/package*.json)
build/contract/.stamp: $(wildcard tests/contract/package*.json)

$(B)/src/store/migrations.o: $(B)/gen/migrations.inc
$(B)/src/api/documents.o: $(B)/gen/openapi_yaml.inc $(B)/gen/openapi_json.inc
$(B)/src/api/docs.o: $(B)/gen/docs.inc

$(B)/trunkline: $(call obj,$(SERVICE_SRC) $(wildcard src/*.c))
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/trunkline-sandbox: $(call obj,$(SANDBOX_SRC))
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# --- tests -----------------------------------------------------------------

# Every unit test is a program; it links the service without its main, and the
# sandbox's model too, each from a library that only gives what is asked for.
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/test_$(if $(T),*$(T)*,*).c))

$(B)/libservice.a: $(call obj,$(SERVICE_SRC) $(filter-out src/main.c,$(wildcard src/*.c)))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# One object that shows only sandbox_…, since the service uses other names alike.
$(B)/libsandbox.a: $(call obj,$(filter-out src/base/% src/sandbox/main.c,$(SANDBOX_SRC)))
	@rm -f $@
	$(Q)$(LD) -r -o $(B)/sandbox.o $^
	$(Q)objcopy --wildcard --keep-global-symbol='sandbox_*' $(B)/sandbox.o
	$(Q)$(AR) rcs $@ $(B)/sandbox.o

.SECONDARY: $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/*.c))
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libsandbox.a $(B)/libservice.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) $(LIBS_TEST)

$(B)/tests/unit/%.o $(B)/tests/fuzz/%.o $(B)/tests/bench/%.o: CPPFLAGS += -Isrc
$(B)/unit/test_torture $(B)/unit/test_torture_engine: LDFLAGS += \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=strdup
$(B)/unit/test_stamps: LDFLAGS += -Wl,--wrap=calloc

# Fuzz targets: replay_X runs the corpus, with any compiler; fuzz_X is libFuzzer.
SECONDS  ?= 60
FUZZ     := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_$(if $(T),*$(T)*,*).c))
UNIT_BIN += $(FUZZ:%=$(B)/fuzz/replay_%)
FUZZ_OBJ  = $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/fuzz.o

.SECONDARY: $(FUZZ:%=$(B)/tests/fuzz/fuzz_%.o) $(B)/tests/fuzz/fuzz.o $(B)/tests/fuzz/replay.o
$(B)/fuzz/replay_%: $(FUZZ_OBJ) $(B)/tests/fuzz/replay.o $(B)/libservice.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/fuzz/fuzz_%: $(FUZZ_OBJ) $(B)/libservice.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

fuzz-targets: $(FUZZ:%=$(B)/fuzz/fuzz_%)

# The simulation: the saga core and the store against modelled providers.
SEEDS ?= 20000
FIRST ?= 1

$(B)/sim: $(call obj,$(wildcard tests/sim/*.c)) $(B)/libsandbox.a $(B)/libservice.a
	$(if $(V),,@echo '  LINK $@')
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

sim: deps $(B)/sim ## seeds of the simulation, SEEDS=20000 from FIRST=1, on two cores
	@half=$$((($(SEEDS) + 1) / 2)); \
	$(B)/sim --first $(FIRST) --seeds $$half & one=$$!; \
	$(B)/sim --first $$(($(FIRST) + half)) --seeds $$half & two=$$!; \
	failed=0; wait $$one || failed=1; wait $$two || failed=1; exit $$failed

sim-mutants: deps $(B)/sim ## does the simulation find each broken rule?
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' CFLAGS='$(CFLAGS)' LDFLAGS='$(LDFLAGS)' \
		LIBS='$(LIBS)' SEEDS=$(SEEDS) tests/sim/mutants.sh $(B) \
		$(B)/libsandbox.a $(B)/libservice.a $(T)

run: deps build ## start on a throw-away database with the sandbox
	@tests/support/run.sh $(B)

test: deps deps-test docs build unit sim $(GATE) api contract ## all tests; what must pass
	@echo "make test: all passed"

unit: deps-test $(UNIT_BIN) ## unit tests; T=name runs those with it in their name
	@failed=; for t in $(UNIT_BIN); do \
		$$t >$$t.log 2>&1 && { printf '  ok   %s\n' "$${t##*/}"; \
		sed -n 's/^not tested: /       &/p' $$t.log; } || \
		{ cat $$t.log; failed="$$failed $${t##*/}"; }; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

torture: deps-test $(B)/unit/test_torture $(B)/unit/test_torture_engine ## fail every allocation in turn (unit: a sample)
	@$(B)/unit/test_torture
	@TORTURE_EVERY=1 $(B)/unit/test_torture_engine

fuzz: ## libFuzzer on every parser, SECONDS=60 each; T=name likewise
	@tests/support/deps.sh build fuzz
	@$(MAKE) --no-print-directory CC=clang B=build/fuzz T=$(T) \
		SAN=fuzzer-no-link,address,undefined fuzz-targets
	@tests/support/fuzz.sh build/fuzz $(SECONDS) $(FUZZ)

# For programs that are not ours: without what SAN asks for.
$(B)/unpack.so: tests/support/unpack.c src/store/packed.c src/base/buf.c src/base/err.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -std=gnu11 -O2 $(WARN) -fPIC -shared -o $@ $^ \
		$(shell pkg-config --libs liblz4 libsodium)

api: deps-test build $(B)/unpack.so ## tests against the real binaries; T=name likewise
	TRUNKLINE_BUILD=$(abspath $(B)) /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider \
		tests/api $(if $(T),-k $(T))

contract: deps-test build/contract/.stamp build ## openapi.yaml: linter, clients, SDKs, fuzzing
	TRUNKLINE_BUILD=$(abspath $(B)) /usr/bin/python3 -m pytest -q -rs -p no:cacheprovider tests/contract

# --- measuring: tests/bench/README.md ---------------------------------------

BENCH_BIN := $(patsubst %,$(B)/bench/%,seed leaves ceiling_read ceiling_create \
	upstream burst startup slow_fsync.so) $(B)/unpack.so
BENCH_RUN  = TRUNKLINE_BUILD=$(abspath $(B)) /usr/bin/python3 tests/bench

.SECONDARY: $(patsubst %.c,$(B)/%.o,$(wildcard tests/bench/*.c))
$(B)/bench/%: $(B)/tests/bench/%.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/bench/seed: $(B)/libservice.a
$(B)/bench/ceiling_read $(B)/bench/ceiling_create: $(B)/tests/bench/ceiling.o
$(B)/bench/ceiling_read: $(B)/libservice.a

$(B)/bench/slow_fsync.so: tests/bench/slow_fsync.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -D_GNU_SOURCE -fPIC -shared -o $@ $<

bench: deps build $(BENCH_BIN) ## side by side with ceilings and Fastify; T= ROWS= ROUNDS= QUICK=1
	@tests/support/deps.sh bench
	@tests/bench/rival/build.sh $(B)/rival
	@BENCH_WORDS='$(strip $(foreach v,T ROWS ROUNDS QUICK,$(if $($v),$v=$($v))))' \
		$(BENCH_RUN)/bench.py $(if $(QUICK),--quick) \
		$(if $(ROWS),--rows $(ROWS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(T)

bench-check: deps-test build $(BENCH_BIN) ## does the bench work? without the rival; figures say nothing
	@$(BENCH_RUN)/bench.py --quick --rows 1k --rounds 1 get list create

seed: deps build $(B)/bench/seed ## a database of ROWS=100k numbers, copied to FILE=…
	@$(BENCH_RUN)/seeding.py $(ROWS) $(FILE)

gate: deps-test build $(B)/bench/seed ## instructions and system calls of a request; T=get
	@$(BENCH_RUN)/gate.py $(T)

gate-record: deps-test build $(B)/bench/seed ## the same, as the new budgets
	@$(BENCH_RUN)/gate.py --record $(T)

gate-profile: deps-test build $(B)/bench/seed ## where the instructions of T=get go
	@$(BENCH_RUN)/gate.py --profile $(T)

lint: deps build ## format, include direction, headers, sizes
	@tests/support/deps.sh lint
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' tests/support/lint.sh $(B)/trunkline

analyze: deps $(B)/gen/migrations.inc $(B)/gen/openapi_yaml.inc $(B)/gen/openapi_json.inc $(B)/gen/docs.inc ## clang-tidy, cppcheck, gcc -fanalyzer
	@tests/support/deps.sh analyze
	@GEN=$(B)/gen tests/support/analyze.sh

format: ## clang-format on all of it
	@clang-format -i $$(git ls-files -c -o --exclude-standard '*.c' '*.h')

deps: # what building needs
	@tests/support/deps.sh build

deps-test: # what the tests need on top
	@tests/support/deps.sh test

longest: ## the ten longest functions and files
	@/usr/bin/python3 tests/support/lint_size.py --longest 10

clean: ## remove build/
	rm -rf build

-include $(wildcard $(B)/src/*.d $(B)/src/*/*.d $(B)/tests/*/*.d)
