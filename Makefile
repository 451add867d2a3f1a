# Two commands on a fresh machine: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
STORE ?= ./autogroove-store
DEMO_SEED := 103
# Two files of tests side by side, a thread each; ends with the slowest of them.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --durations=30

.DEFAULT_GOAL := help
.PHONY: help demo test test-fast test-long lint format local-stack rehearsal clean

help: ## show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Autogroove needs Python 3.11 or newer, and '$(PYTHON)' is not installed. Install it, or say where it is: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Autogroove needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Install a newer one, or say where it is: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing Autogroove (a few minutes the first time)"
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing what the tests need"
	@$(PIP) install -c constraints.txt -e '.[test]'
	@touch $@

demo: $(VENV)/.installed ## render the demo collection, publish a release of it, make a playlist
	@$(BIN)/autogroove run demo --store '$(STORE)'
	@$(BIN)/autogroove playlist '$(DEMO_SEED)' --store '$(STORE)' --output demo-playlist.m3u8
	@echo "A playlist that begins with demo track $(DEMO_SEED): demo-playlist.m3u8"

test: $(VENV)/.installed-test ## lint, type check and the whole test suite
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) -m 'not long'

test-fast: $(VENV)/.installed-test ## only the tests that take seconds
	@$(PYTEST) -m 'not slow and not browser and not long'

test-long: $(VENV)/.installed-test ## the tests that take minutes each: kill matrix, server and worker
	@$(BIN)/python -m pytest -m long

lint: $(VENV)/.installed-test ## ruff, mypy and the import contract
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.installed-test ## put the code in its usual form
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

local-stack: $(VENV)/.installed-test ## the whole stack as processes on loopback, until Ctrl-C
	@deployments/local-stack start

rehearsal: $(VENV)/.installed ## the whole line on 8,000 tracks, measured (half an hour on two cores)
	@$(BIN)/python benchmarks/rehearsal.py

clean: ## remove what was installed and built; never the store
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
