# Handoff Desk: everything that is done to this project from a shell. `make help` lists it.

HOST ?= 127.0.0.1
PORT ?= 8000
PY := .venv/bin/python
PYTEST ?= $(PY) -m pytest
# Arguments for pytest, such as: make test ARGS="tests/sla -x"
ARGS ?=
# How many tests run at once
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help run quick start test test-sqlite test-postgres faults fuzz mutants bench load screenshots fonts lint types check ci audit sbom lock base dev tools clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

# --- Use it ----------------------------------------------------------------------------------------

run: base ## serve it with a worker at HOST:PORT (127.0.0.1:8000), with a demo in an empty database
	@exec $(PY) manage.py serve --prepare $(HOST):$(PORT)

start: base ## the same for your own team: no demo, asks who the first admin is
	@echo "Preparing the database…"; $(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py first_admin
	@exec $(PY) manage.py serve --prepare --no-demo $(HOST):$(PORT)

# --- Work on it ------------------------------------------------------------------------------------

test: dev ## the whole suite, on PostgreSQL (if it is on this machine) and on SQLite
	@failed=0; \
	$(MAKE) --no-print-directory test-postgres || failed=1; \
	$(MAKE) --no-print-directory test-sqlite || failed=1; \
	exit $$failed

quick: dev ## a slice through every file of the tests, on SQLite: two minutes on two idle cores
	@$(PYTEST) -n $(JOBS) -p tests.quick $(ARGS)

# What comes after the others: browsers, then processes that are killed, with the machine to themselves
ALONE := browser or faults

test-postgres: dev ## what needs a database, on a throwaway PostgreSQL server; no browsers, no faults
	@$(PY) -m tests.postgres $(PYTEST) -n $(JOBS) -p tests.unlike -m "not ($(ALONE)) and not postgres" $(ARGS)

test-sqlite: dev ## the suite on SQLite, with everything
	@failed=0; some() { "$$@" || [ $$? = 5 ] || failed=1; }; \
	some $(PYTEST) -n $(JOBS) -m "not ($(ALONE))" $(ARGS); \
	some $(PYTEST) -n $(JOBS) -m browser $(ARGS); \
	some $(PYTEST) -m faults $(ARGS); \
	exit $$failed # 5: nothing of what ARGS names is of this kind

faults: dev ## the long form of the fault tests: processes killed at random, 1,000 clocks
	@FAULTS=long $(PYTEST) tests/faults $(ARGS)

fuzz: dev ## requests that nobody would send on purpose, 10,000 on each database: no answer is a 5xx
	@FUZZ=$${FUZZ:-10000} $(PYTEST) tests/fuzz -s $(ARGS)
	@FUZZ=$${FUZZ:-10000} $(PY) -m tests.postgres $(PYTEST) tests/fuzz -s $(ARGS)

mutants: dev ## turn each rule of who may do what around, one by one: the tests have to notice
	@$(PY) -m tests.permissions.mutants $(ARGS)

bench: dev ## the benchmarks beside peers and limits: minutes; SIZE=full for hours, ARGS="sweep accept" for some
	@$(PY) benchmarks/run.py $(or $(SIZE),short) $(ARGS)

load: dev tools ## how long 10 to 100 people wait; ARGS="postgresql 20000 60 10,25": handoffs, seconds, crowds; or SOAK=minutes
	@$(PY) benchmarks/load.py $(ARGS)

screenshots: dev ## the pictures of README and docs, taken from a fresh demo
	@$(PY) -m tests.browser.screenshots

fonts: dev ## the fonts of the pages, cut down to what is shown
	@$(PY) -m tests.browser.fonts

lint: dev ## ruff, its formatter, and the floors of the house
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports

types: dev ## mypy
	@$(PY) -m mypy config team accounts messaging handoffs sla reports privacy

check: dev ## Django's own checks, missing migrations, and a deployment as it should be
	@$(PY) manage.py check --database default --fail-level ERROR
	@$(PY) manage.py makemigrations --check --dry-run
	@env DEBUG=false BASE_URL=https://desk.example ALLOWED_HOSTS=desk.example \
	  SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))')" \
	  EMAIL_URL=smtp://mail.example:25 $(PY) manage.py check --deploy --fail-level WARNING

ci: lint types check test ## what CI runs, once the machine has its packages

# --- What it is built from -------------------------------------------------------------------------

base: .venv/bin/activate
	@cmp -s requirements/base.txt .venv/base.txt || cmp -s requirements/dev.txt .venv/dev.txt || { \
	  echo "Installing what Handoff Desk runs on…"; \
	  $(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/base.txt \
	  && cp requirements/base.txt .venv/base.txt; }

dev: .venv/bin/activate
	@cmp -s requirements/dev.txt .venv/dev.txt || { \
	  echo "Installing what its tests need…"; \
	  $(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt \
	  && cp requirements/dev.txt .venv/dev.txt; }

# The first Python on the path that starts and is new enough; a name alone proves neither.
.venv/bin/activate:
	@for python in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3 python; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	test -n "$$found" || { echo "Handoff Desk needs Python 3.11 or newer; none was found." >&2; exit 1; }; \
	echo "Making .venv with $$($$found --version)…"; \
	rm -rf .venv; \
	$$found -m venv .venv || { rm -rf .venv; echo "Python’s venv is missing (on Debian: apt-get install python3-venv)." >&2; exit 1; }

tools: .venv/bin/activate
	@cmp -s requirements/tools.txt .tools/tools.txt || { \
	  echo "Installing the tools…"; \
	  $(PY) -m venv --clear .tools \
	  && .tools/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/tools.txt \
	  && cp requirements/tools.txt .tools/tools.txt; }

audit: tools ## ask an advisory database about every locked package; fails when it could not
	@.tools/bin/python requirements/audit.py

sbom: tools ## the bill of materials (CycloneDX), from the lock
	@.tools/bin/cyclonedx-py requirements requirements/base.txt --pyproject pyproject.toml \
	  --output-reproducible --validate -o handoff-desk.cdx.json
	@echo "handoff-desk.cdx.json: $$(grep -c '"purl"' handoff-desk.cdx.json) packages"

COMPILE := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-header --no-annotate --upgrade
lock: dev ## resolve requirements/*.in into the hashed locks
	@$(PY) -m pip install -qq --disable-pip-version-check uv
	@$(COMPILE) requirements/base.in -o requirements/base.txt
	@$(COMPILE) requirements/dev.in -c requirements/base.txt -o requirements/dev.txt
	@$(COMPILE) requirements/tools.in -o requirements/tools.txt

clean: ## remove what can be made again; the database in var/ stays
	rm -rf .venv .tools .bench handoff-desk.cdx.json staticfiles .mypy_cache .ruff_cache .hypothesis .import_linter_cache var/static.json
