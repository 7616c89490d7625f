# Every command of the project: `make help` lists them.

PYTHON ?= python3
VENV := venv
BIN := $(VENV)/bin
# The requirement files that a stamp stands for are its prerequisites, and the stamp is the last
# thing made: an interrupted installation leaves none.
RUN_TIME := $(VENV)/.installed-run-time
CHECKS := $(VENV)/.installed-checks
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help

##@ Use

run: $(RUN_TIME) ## serve every function on http://127.0.0.1:8080 (PORT, HOST, LEDGER_... change it)
	@exec $(BIN)/python -m shared.commands.run

inspect: $(RUN_TIME) ## print the documents as the Firestore console shows them (COLLECTION=, LIMIT=, CLOUD=project; CHECK=1 checks the embedded store)
	@exec $(BIN)/python -m shared.commands.inspect \
	  $(if $(COLLECTION),--collection "$(COLLECTION)") $(if $(LIMIT),--limit "$(LIMIT)") \
	  $(if $(CLOUD),--cloud "$(CLOUD)") $(if $(CHECK),--check)

keys: $(RUN_TIME) ## create, list and revoke API keys (ARGS="create --help", PROJECT= for the cloud)
	@exec $(BIN)/python -m shared.commands.keys $(if $(PROJECT),--cloud "$(PROJECT)") $(ARGS)

reconcile: $(RUN_TIME) ## hold every total against its entries (REPAIR=1 mends, PROJECT= for the cloud)
	@exec $(BIN)/python -m shared.commands.reconcile \
	  $(if $(REPAIR),--repair) $(if $(PROJECT),--cloud "$(PROJECT)")

backfill: $(RUN_TIME) ## report a clone's history (DIR=, REPOSITORY=owner/name, URL=, SINCE=, BRANCH=, DRY_RUN=1)
	@exec $(BIN)/python -I .github/actions/track-contributions/track backfill \
	  --repo-dir "$(DIR)" --repository "$(REPOSITORY)" --url "$(URL)" $(if $(SINCE),--since "$(SINCE)") \
	  $(if $(BRANCH),--branch "$(BRANCH)") $(if $(DRY_RUN),--dry-run)

import: $(RUN_TIME) ## import the JSON store of the replaced service (FILE=, DRY_RUN=1, PROJECT=)
	@exec $(BIN)/python -m shared.commands.import_store "$(FILE)" \
	  $(if $(DRY_RUN),--dry-run) $(if $(PROJECT),--cloud "$(PROJECT)")

deploy: $(RUN_TIME) ## deploy to a project (PROJECT=, REGION=, DRY_RUN=1 prints only, ARGS="--help")
	@exec $(BIN)/python -m shared.commands.deploy --project "$(PROJECT)" \
	  $(if $(REGION),--region "$(REGION)") $(if $(filter-out 0 no false,$(DRY_RUN)),--dry-run) $(ARGS)

smoke: $(RUN_TIME) ## see that a service works: record a commit and void it (URL=, the key in LEDGER_API_KEY)
	@exec $(BIN)/python -m shared.commands.smoke --url "$(URL)"

##@ Develop

test: lint $(CHECKS) ## all checks that need nothing but Python, make and git
	$(BIN)/python -m pytest $(PARALLEL)

test-long: lint $(CHECKS) ## also the checks that are slow or need Node
	$(BIN)/python -m pytest -m "long or not long"

bench: $(CHECKS) ## measure speed, size and cost beside their floors (some minutes, writes bench.json)
	@exec $(BIN)/python -m tests.benchmarks $(ONLY)

lint: $(CHECKS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(CHECKS) ## put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(CHECKS) ## pin the newest allowed versions in requirements.txt and tests/requirements.txt
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) tests/requirements.in -c requirements.txt -o tests/requirements.txt

audit: $(CHECKS) ## look the run-time requirements up in the published advisories (needs the network)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner=off -r requirements.txt

clean: ## remove the virtual environment and caches, and leave the data in .data alone
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A file's tests stay together, so that what they share is set up once; the slow files come first.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
LOCK := $(BIN)/uv pip compile --upgrade --universal --generate-hashes --no-header \
  --python-version 3.11 -q

$(CHECKS): tests/requirements.txt $(RUN_TIME)
	$(PIP_INSTALL) -r tests/requirements.txt
	@touch $@

$(RUN_TIME): requirements.txt $(BIN)/python
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
	  "Python 3.11 or newer is needed, and $(PYTHON) is %d.%d.%d. Name another one: " \
	  "make PYTHON=python3.12 $(MAKECMDGOALS)" % sys.version_info[:3])'
	$(PYTHON) -m venv $(VENV)

.PHONY: run inspect keys reconcile backfill import deploy smoke bench test test-long lint format lock audit clean help
