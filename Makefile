# The only entry point for people and CI. `make help` lists what there is.
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV_PIN := 0.13.9
# The certificates of this machine, so that an office with its own proxy can install as well.
export UV_SYSTEM_CERTS := 1
PY := .venv/bin/python
NAME ?=
MODE ?= embedded
PORT ?= 8080
REPEATS ?= 20
SEED ?=

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

# Set-up, done once and again only when what it depends on has changed.
.tools/bin/uv:
	@python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools uv==$(UV_PIN)

.venv/.ready: requirements.lock pyproject.toml | .tools/bin/uv
	@[ -x $(PY) ] || .tools/bin/uv venv --quiet --python python3 .venv
	@.tools/bin/uv pip sync --quiet --require-hashes requirements.lock
	@.tools/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

node_modules/.ready: package.json package-lock.json .npmrc
	@tools/need npm
	@npm ci --silent
	@touch $@

# What every command of the product needs.
READY := .venv/.ready node_modules/.ready

.PHONY: setup
setup: $(READY) ## Install what the product needs into .venv

.PHONY: demo
demo: $(READY) $(if $(filter full,$(MODE)),tools-kafka) ## Build the demo city, show it on http://127.0.0.1:8080 (ONCE=1 stops after the summary, MODE=full on Kafka, PORT=…)
	@$(PY) -m cli.main demo --mode $(MODE) --port $(PORT) $(if $(ONCE),--once)

.PHONY: up
up: $(READY) tools-kafka ## Start PostgreSQL, Kafka and every service as its own process
	@$(PY) -m cli.main up --port $(PORT)

.PHONY: down
down: $(READY) ## Stop what `make up` started
	@$(PY) -m cli.main down

.PHONY: tools-kafka
tools-kafka: .venv/.ready
	@tools/need java mvn
	@tools/kafka/install

.PHONY: tools-test
tools-test: tools-kafka
	@tools/need chromium zbarimg pdftotext pgbench

.PHONY: lint
lint: $(READY) ## Check style, types, imports, contracts, and that made files are up to date
	@tools/check

.PHONY: test
test: $(READY) tools-test ## Run every test: unit, contract, integration, browser, faults
	@tools/test

.PHONY: faults
faults: $(READY) tools-test ## Run the fault matrix twenty times over (REPEATS=…, SEED=…, NAME=… picks by name); invariants after each
	@XOAI_FAULT_REPEATS=$(REPEATS) XOAI_FAULT_SEED=$(SEED) $(PY) -m pytest -q -s tests/faults $(if $(NAME),-k "$(NAME)")

.PHONY: bench
bench: $(READY) tools-kafka ## Measure everything beside its yardstick (NAME=chain: one); results in .run/bench
	@tools/need pgbench
	@$(PY) -m bench $(NAME)

.PHONY: clean
clean: ## Remove everything that make has made
	@rm -rf .venv .tools node_modules .run .pytest_cache .mypy_cache .ruff_cache .hypothesis
