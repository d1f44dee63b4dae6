# Everything a clone needs, with Python 3.11 or later and make. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
export PYTHONUNBUFFERED = 1

SEED ?= 1
CASES ?= 100000
COURSE ?= 500

.PHONY: help demo dev test simulate faults nights bench check lock clean
help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

# Tells how far it is: a first installation takes a minute or two. Fails as pip does.
INSTALL = { $(BIN)/python -m pip --disable-pip-version-check install --progress-bar off --no-deps --require-hashes \
	-r $(1) && echo "done 0" || echo "done 1"; } | awk '\
	/^Collecting/ { if (++n % 20 == 0) { print "  " n " packages"; fflush() } } \
	/^Installing collected/ { print "  unpacking them"; fflush() } \
	/^done / { failed = $$2 } END { exit failed }'

$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "gpb_pipeline needs Python 3.11 or later: make PYTHON=python3.12")'
	@echo "Setting up, once: a minute or two. 1 of 3: a Python environment in $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "2 of 3: the packages of requirements.lock, by their hashes"
	@$(call INSTALL,requirements.lock)
	@echo "3 of 3: gpb_pipeline itself"
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo "The packages of requirements-dev.lock, for tests and checks"
	@$(call INSTALL,requirements-dev.lock)
	@touch $@

demo: $(VENV)/.run  ## sync a sandbox school's grades, hold the report against the SIS's own log; the sandbox stays
	@$(BIN)/gpb demo

dev: $(VENV)/.run  ## the Dagster UI on 127.0.0.1:3000, the pages on :8080, and the sandbox unless .env is there
	@$(BIN)/gpb dev

test: $(VENV)/.dev  ## every test
	@$(BIN)/python -m gpb_pipeline_tests.chromium  # finds a browser for the page tests, or installs one
	$(BIN)/python -m pytest -n auto --dist loadfile

simulate: $(VENV)/.dev  ## the planner by simulation: SEED= CASES= (docs/reliability.md)
	$(BIN)/python -m gpb_pipeline_tests.simulation --seed $(SEED) --cases $(CASES) --course $(COURSE)

faults: $(VENV)/.dev  ## the faults planted in the rules, and after how many cases each is found
	$(BIN)/python -m gpb_pipeline_tests.simulation --faults

nights: $(VENV)/.dev  ## a fortnight of nights by the schedules' ticks, then three by the real daemon: 15 minutes
	$(BIN)/python -m pytest -m long
	$(BIN)/python -m gpb_pipeline_tests.daemon_nights

bench: $(VENV)/.dev  ## what a sync costs, as a ratio to the raw requests
	$(BIN)/python -m gpb_pipeline_tests.bench --save

check: $(VENV)/.dev  ## lint, format, types, import contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header pyproject.toml --extra build
lock:  ## renew both lock files from pyproject.toml (needs uv)
	$(UV_COMPILE) --output-file requirements.lock
	$(UV_COMPILE) --extra dev --output-file requirements-dev.lock

clean:  ## remove what running has made
	@test ! -x $(BIN)/gpb || $(BIN)/gpb sandbox stop
	rm -rf $(VENV) .dagster_home .gpb
