# Two commands are all: `make demo` and `make test`. They build their own environment in .venv.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8080
GITEA_PORT ?= 3080
export PORT GITEA_PORT
# The tests start hundreds of processes; where this is set, each of them compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help dev demo test chaos check sure fix docs screenshots bench lock clean

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

.venv/.installed: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

dev: .venv/.installed  ## Build the environment in .venv

demo: .venv/.installed  ## Start the product with a pretend Gitea and print what to try (PORT=8080, GITEA_PORT=3080)
	@exec $(BIN)/bridge demo

# `loadgroup` hands tests out one by one; in larger portions the slow ones pile up in one process.
test: .venv/.installed  ## Run all tests; what needs PostgreSQL, nginx, Caddy, systemd, Chromium or Go is skipped visibly where they are missing
	$(BIN)/pytest -n auto --dist loadgroup -q -ra

ROUNDS ?= 100
DELIVERIES ?= 10000
chaos: .venv/.installed  ## Outages and kills for longer, with figures (ROUNDS=100 kills, DELIVERIES=10000 on each kind of database)
	BRIDGE_CHAOS_ROUNDS=$(ROUNDS) BRIDGE_CHAOS_DELIVERIES=$(DELIVERIES) $(BIN)/pytest -n 0 -q tests/outages

check: .venv/.installed  ## Format, lint, types, import contracts, spelling, docs, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy bridge feeds gitea_client tools
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m tools.docs --check
	$(BIN)/python -m tools.migrations

sure: check test  ## Everything that CI runs

fix: .venv/.installed  ## Mend format and simple lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: .venv/.installed  ## Write the generated pages of docs/
	$(BIN)/python -m tools.docs

screenshots: .venv/.installed  ## Write docs/screenshots/ from the demo's pages (wants Chromium)
	$(BIN)/python -m tools.screenshots

bench: .venv/.installed  ## Measure beside a real Gitea and write docs/performance.md (wants wrk, nginx and Go)
	$(BIN)/python -m tools.bench --beside --report docs

lock:  ## Renew the lock files (wants uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --extra dev -o requirements-dev.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements-dev.lock -o requirements.lock pyproject.toml

clean:  ## Remove the environment and everything that was made
	rm -rf .venv var build *.egg-info .mypy_cache .ruff_cache .hypothesis
