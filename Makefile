# Every target sets up what it needs (scripts/setup.sh) and does nothing twice.
# ARGS goes to the command behind the target: make dev ARGS="--port 9000", make test ARGS="-k resend".
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help dev demo test lint check spec bench format lock clean

BIN := .venv/bin

help: ## Say what can be made
	@echo 'make <target> [ARGS="..."], where target is one of:'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{ printf "  %-8s %s\n", $$1, $$2 }'

dev: ## Set everything up and start the service, with a simulated phone
	@scripts/setup.sh dev
	@exec $(BIN)/otp-service dev $(ARGS)

demo: ## Play one login from the request to the right code
	@scripts/setup.sh dev
	@exec $(BIN)/otp-service demo $(ARGS)

test: ## Run all tests
	@scripts/setup.sh test
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

lint: ## Check format, style, types, layers, the API's description and the container files
	@scripts/setup.sh lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports
	scripts/lint_openapi.sh openapi.yaml
	scripts/lint_docker.sh

check: lint test ## Lint and test: what a change must pass

spec: ## Print what the service does: one sentence per test
	@scripts/setup.sh lint
	@$(BIN)/python scripts/spec.py tests

bench: ## Measure, beside bare Flask and one Redis command (writes build/bench.json)
	@scripts/setup.sh test
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m bench $(ARGS)

format: ## Put the code into its format
	@scripts/setup.sh lint
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: ## Pin every dependency again (needs uv; ARGS=--upgrade takes the newest)
	scripts/lock.sh $(ARGS)

clean: ## Remove what was built, and .venv
	rm -rf build dist .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
