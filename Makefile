# make demo    make up a week of LLM traffic, load it, investigate it, and write one offline report
# make test    everything that has to pass: style, types, unit, property, notebook and browser tests, both DuckDBs
# make lint    style and types only
# make docs    write the pages of docs/ that are read off the code
# make fuzz    try to break the readers, for FUZZ_SECONDS each; what breaks one is left in .fuzz/
# make bench   print the ratios that README quotes
# Each makes its own virtual environment; nothing but Python 3.11, make and git is needed for the demo.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint docs fuzz bench browser widgets pytest notebooks duckdb15 clean

PYTHON ?= python3
FUZZ_SECONDS ?= 300
VENV := .venv
BIN := $(VENV)/bin
DUCKDB15 := .venv-duckdb15
UV := $(BIN)/uv pip install --quiet
# uv does not read pip's setting for wheels on disk
ifdef PIP_FIND_LINKS
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
endif

help:
	@sed -n 's/^# make/make/p' Makefile

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "llmscope needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/.user: pyproject.toml | $(BIN)/uv
	$(UV) --python $(BIN)/python -e '.[map]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/uv
	$(UV) --python $(BIN)/python -e '.[dev]'
	@touch $@ $(VENV)/.user

$(DUCKDB15)/.ready: pyproject.toml | $(VENV)/.dev
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(DUCKDB15)
	$(UV) --python $(DUCKDB15)/bin/python -e '.[datasets,serve]' 'duckdb==1.5.*' 'duckdb-extension-httpfs==1.5.*' pytest hypothesis pytest-xdist psutil
	@touch $@

demo: $(VENV)/.user
	$(BIN)/llmscope demo

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Node is needed to change the widgets, not to use them: the built bundle is in the repository.
widgets: widgets/node_modules/.ready
	cd widgets && npm run --silent check && npm run --silent lint && npm run --silent test

widgets/node_modules/.ready: widgets/package-lock.json
	cd widgets && npm install --no-save --silent --no-audit --no-fund
	@touch $@

browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] || { echo "Install Chromium first: apt-get install chromium"; exit 1; }; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }

pytest: $(VENV)/.dev browser widgets/node_modules/.ready
	$(BIN)/pytest -n 2 --dist loadfile
	$(BIN)/pytest -q --doctest-modules llmscope

notebooks: $(VENV)/.dev
	$(BIN)/pytest --nbval-lax --nbval-current-env notebooks

duckdb15: $(DUCKDB15)/.ready
	$(DUCKDB15)/bin/python -m pytest -n 2 --dist loadfile tests/store tests/sources tests/measures

test: lint widgets pytest notebooks duckdb15

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

fuzz: $(VENV)/.dev
	mkdir -p .fuzz
	for door in otlp json; do \
	  (cd .fuzz && ../$(BIN)/python ../tests/fuzz/fuzz.py $$door -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -rss_limit_mb=2048); \
	done

bench: $(VENV)/.dev browser
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(DUCKDB15) widgets/node_modules llmscope-demo
