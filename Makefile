# Dân Cư Hub. `make` alone lists what can be made.
PYTHON ?= python3
VENV ?= .venv
# More options for the command behind a target: make demo ARGS="--events 2000 --seed 7"
ARGS ?=

BIN := $(VENV)/bin
HUB := $(VENV)/.hub-installed
WEB := $(VENV)/.web-installed
DEV := $(VENV)/.dev-installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo run test check bench soak dev clean

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /|/' | awk -F'|' '{ printf "  make %-6s %s\n", $$1, $$2 }'

demo: $(HUB)  ## chạy thử: 10,000 events from three registers to five agencies, verified (about a minute)
	@$(BIN)/dancu demo $(ARGS)

run: $(WEB)  ## chạy: the hub in the home folder .dancu, until Ctrl-C
	@$(BIN)/dancu run $(ARGS)

test: $(DEV)  ## run all tests
	@sh .ci/postgresql
	@sh .ci/kafka $(BIN)/python
	@sh .ci/kcat
	@sh .ci/promtool >/dev/null || true
	@sh .ci/browser
	@sh .ci/cards $(BIN)/python
	@$(BIN)/python -m pytest -n 3 --dist loadgroup $(ARGS)

check: $(DEV)  ## formatting, lint, strict types, layers of imports, schemas, deploy/
	@$(BIN)/ruff format --check --quiet . || { echo 'Not formatted: run $(BIN)/ruff format .'; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --strict
	@$(BIN)/lint-imports
	@$(BIN)/dancu schemas check
	@PYTHON=$(BIN)/python sh .ci/lint-deploy

bench: $(DEV)  ## measure the speed: a table, and a JSON file beside it
	@$(BIN)/python -m tests.benchmarks $(ARGS)

soak: $(DEV)  ## every kind of fault again and again, on real processes; ten minutes unless ARGS="--minutes N" says
	@sh .ci/postgresql
	@sh .ci/kafka $(BIN)/python
	@$(BIN)/python -m pytest tests -m soak -q --log-cli-level=WARNING
	@$(BIN)/python -m tests.faults.soak $(ARGS)

dev: $(DEV)  ## install everything that working on the hub needs

clean:  ## remove what was installed and cached; never a home folder
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Dân Cư Hub needs Python 3.11 or newer, and '$(PYTHON)' is not. Name one: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		echo "'$(PYTHON)' can't make a virtual environment; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(HUB): pyproject.toml | $(BIN)/python
	@echo 'Installing the hub into $(VENV) …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(WEB): pyproject.toml | $(BIN)/python
	@echo 'Installing the hub and what it serves over HTTP into $(VENV) …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[web]'
	@touch $(HUB) $@

# pyscard is built here: what that takes comes first, and where it can't be had everything else is installed.
$(DEV): pyproject.toml | $(BIN)/python
	@sh .ci/cards $(BIN)/python
	@echo 'Installing the hub and the tools into $(VENV) …'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' || { \
		echo "Once more without pyscard; if only that can't be built, the tests with a card reader are skipped."; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[tools]'; }
	@touch $(HUB) $(WEB) $@
