# make demo   a junction simulated, a network of its neurons trained, published against ours (installs what it needs)
# make test   every check that CI runs (installs the tools too)
# Also: make docs | lint | bench | reproduce | clean

SHELL := bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt

.PHONY: help demo test lint pytest docs cli bench reproduce clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# //p' Makefile

# ---- what a person runs ------------------------------------------------------------------------------------------

demo: $(VENV)/.runtime
	@$(BIN)/spinloom data fetch mnist
	@$(BIN)/spinloom demo

# Quick checks first, so that a slip is seen early. The docs build executes every script in examples/.
test:
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory pytest
	@$(MAKE) --no-print-directory cli
	@$(MAKE) --no-print-directory docs
	@echo "▸ make test: all checks passed"

bench: $(VENV)/.bench
	@$(BIN)/python -m benchmarks

reproduce: $(VENV)/.randomness
	@$(BIN)/spinloom data fetch mnist
	@$(BIN)/spinloom data fetch fsdd
	@$(BIN)/spinloom reproduce --all --out runs

# ---- the checks, one by one --------------------------------------------------------------------------------------

lint: $(VENV)/.tools
	@echo "▸ ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "▸ pyright"
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@echo "▸ imports run down"
	@$(BIN)/lint-imports --no-cache --no-logo

# Two workers with one thread each: the tests are many and small.
pytest: $(VENV)/.tools
	@echo "▸ pytest"
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2

cli: $(VENV)/.tools
	@echo "▸ the command line, end to end"
	@PATH="$(abspath $(BIN)):$$PATH" bash tests/cli_end_to_end.sh

docs: $(VENV)/.tools
	@echo "▸ docs and examples"
	@OMP_NUM_THREADS=2 $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "  docs/_build/html/index.html"

clean:
	rm -rf $(VENV) docs/_build docs/gallery build dist

# ---- the environments: one folder, installed anew only when these two files change ---------------------------------

$(VENV)/.runtime: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Spinloom needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Say which to use: make demo PYTHON=python3.12" >&2; exit 2; }
	@echo "▸ installing Spinloom into $(VENV) (once; some minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) -e .
	@touch $@

$(VENV)/.tools: $(VENV)/.randomness
	@echo "▸ installing the test and documentation tools into $(VENV)"
	@$(PIP_INSTALL) -e '.[test,docs]'
	@touch $@

# NIST's tests of random bits are compiled here; without a C compiler all else works, and their tests are skipped.
$(VENV)/.randomness: $(VENV)/.runtime
	@$(PIP_INSTALL) -e '.[randomness]' || echo "  NIST's tests of random bits were not compiled (a C compiler and Python's headers are needed): they are skipped"
	@touch $@

$(VENV)/.bench: $(VENV)/.runtime
	@echo "▸ installing the peers for the benchmarks into $(VENV)"
	@$(PIP_INSTALL) -e '.[bench]'
	@touch $@
