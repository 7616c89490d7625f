# Every command of the project: `make help` lists them.

PYTHON ?= python3
VENV := venv
BIN := $(VENV)/bin
# Python decides for itself where it finds modules, whatever the shell was set up for.
unexport PYTHONSAFEPATH PYTHONHOME

.DEFAULT_GOAL := help

##@ Use

run: run-time ## serve every function on http://127.0.0.1:8080 (PORT, HOST, LEDGER_... change it)
	@exec $(BIN)/python -m shared.commands.run

demo: run-time ## serve a made-up ledger to look at, kept in .demo (PORT=, HOST=)
	@exec $(BIN)/python -m shared.commands.demo

inspect: run-time ## print the documents as the Firestore console shows them (COLLECTION=, LIMIT=, CLOUD=project; CHECK=1 checks the embedded store)
	@exec $(BIN)/python -m shared.commands.inspect \
	  $(if $(COLLECTION),--collection "$(COLLECTION)") $(if $(LIMIT),--limit "$(LIMIT)") \
	  $(if $(CLOUD),--cloud "$(CLOUD)") $(if $(CHECK),--check)

keys: run-time ## create, list and revoke API keys (ARGS="create --help", PROJECT= for the cloud)
	@exec $(BIN)/python -m shared.commands.keys $(if $(PROJECT),--cloud "$(PROJECT)") $(ARGS)

reconcile: run-time ## hold every total against its entries (REPAIR=1 mends, PROJECT= for the cloud)
	@exec $(BIN)/python -m shared.commands.reconcile \
	  $(if $(REPAIR),--repair) $(if $(PROJECT),--cloud "$(PROJECT)")

backfill: variables run-time ## report a clone's history (DIR=, REPOSITORY=owner/name, REPOSITORY_ID=, URL=, SINCE=, BRANCH=, MAILMAP=none, DRY_RUN=1)
	@exec $(BIN)/python -I -B .github/actions/track-contributions/track backfill \
	  --repo-dir="$(DIR)" --repository="$(REPOSITORY)" --url="$(URL)" \
	  $(if $(REPOSITORY_ID),--repository-id="$(REPOSITORY_ID)") $(if $(SINCE),--since="$(SINCE)") \
	  $(if $(BRANCH),--branch="$(BRANCH)") $(if $(MAILMAP),--mailmap="$(MAILMAP)") \
	  $(if $(filter-out 0 no false,$(DRY_RUN)),--dry-run)

import: variables run-time ## import the JSON store of the replaced service (FILE=, DRY_RUN=1, PROJECT=)
	@exec $(BIN)/python -m shared.commands.import_store "$(FILE)" \
	  $(if $(DRY_RUN),--dry-run) $(if $(PROJECT),--cloud "$(PROJECT)")

aliases: variables run-time ## join addresses as a mailmap has them (MAILMAP=.mailmap, APPLY=1 does it, PROJECT=)
	@exec $(BIN)/python -m shared.commands.aliases "$(MAILMAP)" \
	  $(if $(filter-out 0 no false,$(APPLY)),--apply) $(if $(PROJECT),--cloud "$(PROJECT)")

void: variables run-time ## void all contributions of a repository (REPOSITORY=owner/name, REASON=, URL=, the key in LEDGER_API_KEY)
	@exec $(BIN)/python -m shared.commands.void \
	  --repository="$(REPOSITORY)" --reason="$(REASON)" --url="$(URL)"

export: variables run-time ## write a list into a file (URL=, KIND=contributions, contributors or assets, FORMAT=csv or ndjson, ROWS=credits or months, REPOSITORY=, FILE=, the key in LEDGER_API_KEY)
	@exec $(BIN)/python -m shared.commands.export --url="$(URL)" \
	  $(if $(KIND),--kind="$(KIND)") $(if $(FORMAT),--format="$(FORMAT)") $(if $(ROWS),--rows="$(ROWS)") \
	  $(if $(REPOSITORY),--repository="$(REPOSITORY)") $(if $(FILE),--file="$(FILE)")

deploy: run-time ## deploy to a project (PROJECT=, REGION=, DRY_RUN=1 prints only, ARGS="--help")
	@exec $(BIN)/python -m shared.commands.deploy --project "$(PROJECT)" \
	  $(if $(REGION),--region "$(REGION)") $(if $(filter-out 0 no false,$(DRY_RUN)),--dry-run) $(ARGS)

smoke: variables run-time ## see that a service works: record a commit and void it (URL=, the key in LEDGER_API_KEY)
	@exec $(BIN)/python -m shared.commands.smoke --url "$(URL)"

status: variables run-time ## is a service up, and is it tracking (URL=, a key in LEDGER_API_KEY tells more)
	@exec $(BIN)/python -m shared.commands.status --url "$(URL)"

# Named with an example where they are missing, before anything is installed.
backfill: NEEDS = DIR REPOSITORY $(if $(filter-out 0 no false,$(DRY_RUN)),,URL)
backfill: EXAMPLE = DIR=../my-clone REPOSITORY=owner/name URL=https://ledger.example.com
aliases: NEEDS = MAILMAP
aliases: EXAMPLE = MAILMAP=../my-clone/.mailmap
export: NEEDS = URL
export: EXAMPLE = URL=https://ledger.example.com KIND=contributors ROWS=months
import: NEEDS = FILE
import: EXAMPLE = FILE=store.json
smoke: NEEDS = URL
smoke: EXAMPLE = URL=https://ledger.example.com
status: NEEDS = URL
status: EXAMPLE = URL=https://ledger.example.com
void: NEEDS = REPOSITORY REASON URL
void: EXAMPLE = REPOSITORY=owner/old-name REASON="renamed" URL=https://ledger.example.com
variables:
	@$(foreach name,$(NEEDS),$(if $($(name)),,echo "$(name) is missing; for example:" \
	  "make $(MAKECMDGOALS) $(EXAMPLE)" >&2; exit 1;)) :

##@ Develop

test: lint checks ## all checks that need nothing but Python, make and git
	$(BIN)/python -m pytest $(PARALLEL)

test-long: lint checks ## also the checks that are slow or need Node
	$(BIN)/python -m pytest -m "long or not long" -o faulthandler_timeout=1800

bench: checks ## measure speed, size and cost beside their floors (some minutes, writes bench.json)
	@exec $(BIN)/python -m tests.benchmarks $(ONLY)

mutation: mutation-checks ## change the code in one place at a time, and see whether a test fails (SAMPLE=400, or all)
	@exec $(BIN)/python -m tests.mutation --sample $(or $(SAMPLE),400)

lint: checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

openapi: run-time ## write the OpenAPI document from what the handlers declare (a test finds it stale)
	@exec $(BIN)/python -m shared.commands.openapi

screenshot: checks ## take the README's picture of the demo (needs a Chromium)
	@exec $(BIN)/python -m tests.browser.screenshot

format: checks ## put the code into its one format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: checks ## pin the newest allowed versions in every requirements.txt
	$(LOCK) pyproject.toml -o requirements.txt
	$(LOCK) shared/commands/requirements.in -c requirements.txt -o shared/commands/requirements.txt
	$(LOCK) tests/requirements.in -c requirements.txt -o tests/requirements.txt
	$(LOCK) tests/mutation/requirements.in -c requirements.txt -c tests/requirements.txt \
	  -o tests/mutation/requirements.txt

audit: checks ## look the run-time requirements up in the published advisories (needs the network)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner=off \
	  -r requirements.txt -r shared/commands/requirements.txt

clean: ## remove the virtual environment and caches, and leave the data in .data and .demo alone
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis mutants
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A file's tests stay together, so that what they share is set up once; the slow files come first.
# A worker that dies is not replaced: the run would wait for its tests for ever.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart=0
LOCK := $(BIN)/uv pip compile --upgrade --universal --generate-hashes --no-header \
  --python-version 3.11 -q

checks:
	$(INSTALL) requirements.txt shared/commands/requirements.txt tests/requirements.txt

mutation-checks:
	$(INSTALL) requirements.txt shared/commands/requirements.txt tests/requirements.txt \
	  tests/mutation/requirements.txt

run-time:
	$(INSTALL) requirements.txt shared/commands/requirements.txt

# For the Python that PYTHON= asks for, else for that of the environment where it works, else for
# python3. An environment of another one is made anew.
INSTALL = @python="$(PYTHON)"; $(if $(ASKED),,if $(BIN)/python -c "" 2> /dev/null; then python=$(BIN)/python; fi;) \
  $$python -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
  "Python 3.11 or newer is needed, and '"$$python"' is %d.%d.%d. Name another one: " \
  "make PYTHON=python3.12 $(MAKECMDGOALS)" % sys.version_info[:3])' && \
  $$python -I shared/commands/install.py $(VENV)
ASKED := $(filter-out file,$(origin PYTHON))

.PHONY: run demo inspect keys reconcile backfill import aliases void export deploy smoke status bench mutation test test-long lint openapi screenshot format lock audit clean help checks mutation-checks run-time variables
