# Two commands set everything up: `make demo` and `make test`. Both make their own environment in .venv.
SHELL := /bin/sh
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
JOBS ?= 2
# One more than the cores: many tests wait for a process, a socket or a disk while others compute.
TEST_JOBS ?= 3
PARALLEL := -n $(TEST_JOBS) --dist worksteal
POSTGRES_TESTS := tests/postgres tests/unit/store tests/unit/strategy_book tests/unit/session tests/unit/backup \
	tests/unit/people/test_outbox.py tests/unit/people/test_courier.py tests/unit/people/test_reports.py \
	tests/unit/service/test_loops.py tests/unit/service/test_signs_of_life.py tests/unit/service/test_uptime.py
UV ?= uv
TORCH := 2.13.0
TRAINING_VENV ?= .venv-train

.DEFAULT_GOAL := help
.PHONY: help demo install dev training test test-postgres test-models check lint types architecture secrets security dead-code docs coverage soak-short bench bench-peer \
	requirements env-example layout commands schema lock clean
.DELETE_ON_ERROR:

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install ## Install, then refuse a strategy without an edge and trade a proven one (SIMULATED, offline)
	@$(BIN)/tradewind demo $(ARGS)

test: dev ## Run the tests but those of a PostgreSQL server (some 15 minutes on 2 cores)
	@$(BIN)/python -m pytest $(PARALLEL) -m "not soak" --ignore=tests/postgres $(ARGS)

test-postgres: dev ## Run the store, service and migration tests on a PostgreSQL started for them (skipped without one)
	@TRADEWIND_TEST_STORE=postgres $(BIN)/python -m pytest $(PARALLEL) -m "not soak" $(POSTGRES_TESTS) $(ARGS)

test-models: ## Run the tests of training in an environment of its own (skipped where PyTorch cannot be installed)
	@$(MAKE) --no-print-directory VENV=$(TRAINING_VENV) dev
	@$(MAKE) --no-print-directory VENV=$(TRAINING_VENV) training || { echo "make test-models: skipped, torch==$(TORCH) cannot be installed here (above: why)"; exit 0; }; \
	  TRADEWIND_TRAINING=installed $(TRAINING_VENV)/bin/python -m pytest $(PARALLEL) -m "not soak" tests/models $(ARGS)

simulate: dev ## Two bot-years of the service in a hostile world, every law after every event (SIMULATED; some minutes)
	@$(BIN)/tradewind simulate --days 36.5 --seeds 1..20 --workers $(JOBS) $(ARGS)

check: lint types architecture secrets security dead-code docs ## Lint, types, layers, secrets, security, dead code, docs

# --- environment: each step leaves a stamp, so that a second run costs nothing

install: $(VENV)/.installed ## Install the package from the hash-pinned lock
dev: $(VENV)/.dev ## Install the tools of developers too

training: $(VENV)/.training ## Install what trains models: PyTorch and its tools (0.8 GB)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Tradewind needs Python 3.11 or newer, and there is no $(PYTHON). Debian, Ubuntu: apt install python3.11 python3.11-venv. Another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tradewind needs Python 3.11 or newer; $(PYTHON) is `$(PYTHON) --version 2>&1`. Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module. Debian, Ubuntu: apt install $(notdir $(PYTHON))-venv" >&2; exit 1; }
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/base.txt requirements/build.txt | $(BIN)/python
	@echo "Installing the pinned packages (about a minute, once)"
	@$(PIP) install --quiet --require-hashes -r requirements/base.txt -r requirements/build.txt
	@touch $@

$(VENV)/.package: $(VENV)/.base pyproject.toml
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed: $(VENV)/.package $(wildcard src/tradewind/kernels/*.py)
	@echo "Compiling the kernels (once, and after a change to them)"
	@$(BIN)/tradewind doctor kernels --warm
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(VENV)/.installed
	@echo "Installing the tools of developers"
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.training: requirements/train.txt | $(VENV)/.installed
	@echo "Installing what trains models"
	@$(PIP) install --quiet --require-hashes -r requirements/train.txt
	@$(PIP) install --quiet torch==$(TORCH)
	@touch $@

# --- the parts of `make check`

lint: dev ## Style and formatting
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .

types: dev ## Static types, strict
	@$(BIN)/mypy

architecture: dev ## Layers, sizes, banned calls
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest tests/architecture

secrets: dev ## No secrets in tracked files
	@git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --baseline .secrets.baseline

security: dev ## Risky calls in the source; consistent packages
	@$(BIN)/bandit --quiet --recursive --configfile pyproject.toml src
	@$(PIP) check

dead-code: dev ## Unused code
	@$(BIN)/vulture

docs: dev ## Links, commands and generated pages
	@$(BIN)/python -m pytest tests/docs

# --- longer and rarer

coverage: dev ## Run the tests and print which lines they reach
	@$(BIN)/python -m pytest $(PARALLEL) -m "not soak" --cov=tradewind --cov-report=term:skip-covered $(ARGS)

soak-short: dev ## The long counts: crashes, mutations, power cuts
	@$(BIN)/python -m pytest $(PARALLEL) -m soak --timeout 3600 $(ARGS)

bench: dev ## Every benchmark in turn, one table (some ten minutes on an idle machine)
	@$(BIN)/python -m benchmarks $(ARGS)

bench-peer: ## Make .venv-peer, where benchmarks.sweep runs vectorbt
	@$(PYTHON) -m venv .venv-peer
	@.venv-peer/bin/python -m pip install --quiet --require-hashes -r requirements/peer.txt

requirements: dev ## Which requirement is covered by which acceptance test
	@$(BIN)/python -m tests.requirements_table $(ARGS)

env-example: install ## Write .env.example from the configuration's keys
	@$(BIN)/tradewind config example --format env > .env.example

layout: dev ## Write docs/layout.md from the tree
	@$(BIN)/python -m tests.docs.layout > docs/layout.md

commands: dev ## Write docs/commands.md from the commands
	@$(BIN)/python -m tests.docs.commands > docs/commands.md

schema: dev ## Write docs/signal-schema.json from the published signal
	@$(BIN)/python -m tests.docs.signal_schema > docs/signal-schema.json

lock: ## Resolve the locks again (needs uv: pip install uv, or UV=path)
	@command -v $(UV) >/dev/null 2>&1 || { echo "make lock needs uv: pip install uv, or name it: make lock UV=/path/to/uv" >&2; exit 1; }
	@$(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url pyproject.toml --output-file requirements/base.txt
	@$(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --extra dev --constraint requirements/base.txt pyproject.toml --output-file requirements/dev.txt
	@$(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --extra cluster --constraint requirements/base.txt pyproject.toml --output-file requirements/cluster.txt
	@$(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --extra optimize --constraint requirements/base.txt pyproject.toml --output-file requirements/optimize.txt
	@$(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --extra postgres --constraint requirements/base.txt pyproject.toml --output-file requirements/postgres.txt
	@$(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --extra aws --constraint requirements/base.txt pyproject.toml --output-file requirements/aws.txt
	@$(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --extra sentry --constraint requirements/base.txt pyproject.toml --output-file requirements/sentry.txt
	@echo "torch ; python_version < '3'" > .torch-left-out && $(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --extra train --override .torch-left-out --constraint requirements/dev.txt pyproject.toml --output-file requirements/train.txt; rm -f .torch-left-out
	@echo 'vectorbt==1.2.0' | $(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --no-annotate - --output-file requirements/peer.txt
	@{ echo "# The build backend of the package itself; installed before it so that nothing unpinned is fetched."; \
	  echo 'setuptools>=77,<82' | $(UV) pip compile --quiet --generate-hashes --no-header --universal --python-version 3.11.2 --no-emit-find-links --no-emit-index-url --no-annotate -; } > requirements/build.txt

clean: ## Remove the environment and everything generated
	@rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
