# Everything a clone needs, with Python 3.11 or later and make. `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
export PYTHONUNBUFFERED = 1

SEED ?= 1
SEEDS ?= 1000
MINUTES ?=
PLANT ?=
CASES ?= 15000
COURSE ?= 500
COURSES ?= 500
SENT ?= 20
NIGHTS ?= 0

# A worker that crashed is not replaced: by files, xdist would wait for ever for what it had.
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --max-worker-restart 0

SITE ?= .site
SBOM ?= sbom.cdx.json
OSV ?=

.PHONY: help demo dev test simulate faults engine plants nights soak district bench check docs audit sbom lock clean
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
	$(PYTEST)

simulate: $(VENV)/.dev  ## the planner by simulation: SEED= CASES= (docs/reliability.md)
	$(BIN)/python -m gpb_pipeline_tests.simulation --seed $(SEED) --cases $(CASES) --course $(COURSE)

faults: $(VENV)/.dev  ## the faults planted in the rules, and after how many cases each is found
	$(BIN)/python -m gpb_pipeline_tests.simulation --faults

engine: $(VENV)/.dev  ## the engine over real HTTP, with faults and kills: SEED= SEEDS= MINUTES= (docs/reliability.md)
	$(BIN)/python -m gpb_pipeline_tests.engine --seed $(SEED) --seeds $(SEEDS) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(PLANT),--plant "$(PLANT)")

plants: $(VENV)/.dev  ## the faults planted in the engine, and what the seed that finds each tells
	$(BIN)/python -m gpb_pipeline_tests.engine --plants

nights: $(VENV)/.dev  ## what make test leaves out: variants, a fortnight of the schedules' ticks, the real daemon: 40 minutes
	@$(BIN)/python -m gpb_pipeline_tests.chromium
	$(PYTEST) -m long
	$(BIN)/python -m gpb_pipeline_tests.daemon_nights

soak: $(VENV)/.dev  ## three hosts on PostgreSQL and S3, one killed, PostgreSQL restarted: MINUTES=30 (docs/reliability.md)
	$(BIN)/python -m gpb_pipeline_tests.soak --minutes $(or $(MINUTES),30)

district: $(VENV)/.dev  ## a district filled, and an unchanged night of it: COURSES="500 5000" SENT=20 NIGHTS=30 (docs/performance.md)
	$(BIN)/python -m gpb_pipeline_tests.district --courses $(COURSES) --sent $(SENT) --nights $(NIGHTS)

bench: $(VENV)/.dev  ## what a sync costs, as a ratio to the raw requests
	$(BIN)/python -m gpb_pipeline_tests.bench --save

check: $(VENV)/.dev  ## lint, format, types, import contract
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev  ## the documents as a site in .site/, each link and anchor checked (SITE=FOLDER)
	$(BIN)/sphinx-build -W --keep-going -q -c docs . $(SITE)
	@echo "$(SITE)/docs/index.html"

audit: $(VENV)/.dev  ## known holes of the locked versions; says so where no database can be asked (OSV=ADDRESS)
	@OSV=$(OSV) $(BIN)/python -m gpb_pipeline_tests.audit

# Its warning is left out (a lock has no graph of who needs whom), and its slow validation, which a test does.
sbom: $(VENV)/.dev  ## requirements.lock as CycloneDX JSON: same lock, same file (SBOM=FILE)
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements requirements.lock --pyproject pyproject.toml \
		--output-reproducible --spec-version 1.6 --output-format JSON --no-validate --output-file $(SBOM)
	@echo "$(SBOM): the packages of requirements.lock, by the schema of CycloneDX 1.6"

UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header pyproject.toml --extra build
lock:  ## renew both lock files from pyproject.toml (needs uv)
	$(UV_COMPILE) --output-file requirements.lock
	$(UV_COMPILE) --extra dev --output-file requirements-dev.lock

clean:  ## remove what running has made
	@test ! -x $(BIN)/gpb || $(BIN)/gpb sandbox stop
	rm -rf $(VENV) .dagster_home .gpb $(SBOM) $(SITE)
