# The two commands of the README, `make demo` and `make test`, do all of their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Tests wait for databases as long as they reckon: two workers a core.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
.DEFAULT_GOAL := help
.PHONY: help install demo test check lint types contracts bench proof drills pictures wheel clean

help: ## Say what can be made
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

install: $(BIN)/.installed ## Make the virtual environment in .venv

demo: install ## Build a demonstration programme, show what happened, and in a terminal serve it
	if test -t 1; then set -- --serve; fi; $(BIN)/community demo --home build/demo "$$@"

test: install ## Run the suite on SQLite, and on PostgreSQL where one answers
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: lint types contracts ## Everything that reads the code without running it

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports

bench: install ## Measure, each figure beside a bound (BENCH='--members 10000,100000')
	$(BIN)/python -m tests.bench $(BENCH)

proof: install ## The long profile of the property-based tests
	HYPOTHESIS_PROFILE=long $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/engine tests/model

pictures: install ## Take pictures of every page, wide and narrow, light and dark, into build/pictures (PICTURES='--few')
	$(BIN)/python -m tests.pictures $(PICTURES)

drills: install ## Kill, repeat and race, for long
	COMMUNITY_DRILLS=long $(BIN)/python -m pytest -n auto --dist worksteal tests/drills

wheel: install ## Build the wheel, install it into an empty environment, and run it there
	$(BIN)/python -m tests.wheel

clean: ## Remove what was built
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
