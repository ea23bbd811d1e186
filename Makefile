# SPDX-License-Identifier: MIT
# Trunkline: build, run, test. `make help` lists the targets.
#
# Knobs:
#   SAN=address|undefined|thread   build and test with a sanitizer (own folder)
#   CC=gcc                         compiler; clang works too
#   V=1                            show the commands
#   T=name                         `make unit T=id`, `make api T=delete`: a part

CC      ?= gcc
SAN     ?=
T       ?=
B       := build$(if $(SAN),/san-$(SAN))
Q       := $(if $(V),,@)
VERSION := 1.0.0

PKGS     := libmicrohttpd libcurl jansson sqlite3 libsodium
CPPFLAGS := -Iinclude -I$(B)/gen -D_GNU_SOURCE -DTRUNKLINE_VERSION='"$(VERSION)"'
WARN     := -Wall -Wextra -Werror -Wformat=2 -Wshadow -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef \
            -Wimplicit-fallthrough -Wvla -Wno-unused-parameter
HARDEN   := -fstack-protector-strong -fPIE -fno-strict-aliasing \
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

.PHONY: help build run test unit api contract lint clean deps deps-test format longest
.DEFAULT_GOAL := help

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-10s %s\n", $$1, $$2}' Makefile

build: $(B)/trunkline $(B)/trunkline-sandbox ## both binaries, in build/

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

$(B)/src/store/migrations.o: $(B)/gen/migrations.inc
$(B)/src/api/documents.o: $(B)/gen/openapi_yaml.inc $(B)/gen/openapi_json.inc

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

$(B)/libservice.a: $(call obj,$(SERVICE_SRC))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/libsandbox.a: $(call obj,$(filter-out src/base/% src/sandbox/main.c,$(SANDBOX_SRC)))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

.SECONDARY: $(patsubst %.c,$(B)/%.o,$(wildcard tests/unit/*.c))
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libsandbox.a $(B)/libservice.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) $(LIBS_TEST)

$(B)/tests/unit/%.o: CPPFLAGS += -Isrc

run: deps build ## start on a throw-away database with the sandbox
	@tests/support/run.sh $(B)

test: deps deps-test build unit api contract ## all tests; what must pass
	@echo "make test: all passed"

unit: deps-test $(UNIT_BIN) ## unit tests; T=name runs those with it in their name
	@failed=; for t in $(UNIT_BIN); do \
		$$t >$$t.log 2>&1 && printf '  ok   %s\n' "$${t##*/}" || \
		{ cat $$t.log; failed="$$failed $${t##*/}"; }; \
	done; [ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

api: deps-test build ## tests against the real binaries; T=name likewise
	TRUNKLINE_BUILD=$(abspath $(B)) /usr/bin/python3 -m pytest -q -p no:cacheprovider \
		tests/api $(if $(T),-k $(T))

contract: deps-test build ## openapi.yaml and README against the code
	TRUNKLINE_BUILD=$(abspath $(B)) /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/contract

lint: deps build ## format, include direction, headers, sizes
	@tests/support/deps.sh lint
	@CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' tests/support/lint.sh $(B)/trunkline

format: ## clang-format on all of it
	@clang-format -i $$(git ls-files -c -o --exclude-standard '*.c' '*.h')

deps: # what building needs
	@tests/support/deps.sh build

deps-test: # what the tests need on top
	@tests/support/deps.sh test

longest: ## the ten longest files
	@git ls-files 'src/*.c' | xargs wc -l | sort -rn | sed 1d | head -10

clean: ## remove build/
	rm -rf build

-include $(wildcard $(B)/src/*.d $(B)/src/*/*.d $(B)/tests/*/*.d)
