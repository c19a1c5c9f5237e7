# `make demo` runs the site with demonstration content, `make test` runs every test.
# Both need Python 3.12 or newer with venv and pip, and access to the package index. PYTHON= selects an interpreter.

PORT ?= 8000
PYTHON ?=
VENV := .venv
RUN := $(VENV)/bin/python
# Options of `pip install`; the lock files contain the hash of every file.
INSTALL := -m pip install --require-hashes --disable-pip-version-check --no-input
# Tests of one group run on one worker, in the order that tests/conftest.py sets.
PYTEST := -m pytest -n auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder
# Settings like those in production, for the checks that need settings, such as `check --deploy`.
AS_IN_PRODUCTION := env -u DATABASE_URL -u CACHE_URL -u EMAIL_URL -u SECRET_KEY_FILE -u DEBUG \
	ORIGIN=https://news.example.org SECRET_KEY=for-checks-alone-$(shell printf 'x%.0s' $$(seq 60))
# Outside the checkout, because PostgreSQL's user needs access; each checkout has its own.
QUICK_DATA = /var/tmp/spokesperson-bench-$(shell pwd | cksum | cut -d " " -f 1)
ENGINE_INDEPENDENT = tests/demo tests/core/page_cache tests/core/test_sanitizer.py tests/core/test_images.py \
	tests/core/test_markdown.py tests/core/test_documents.py tests/articles/test_typography.py tests/articles/test_embeds.py \
	tests/operations/test_init.py tests/operations/test_metrics.py tests/operations/test_observe.py tests/test_rate_limits.py \
	tests/operations/test_serve.py tests/spokesperson/test_settings.py tests/test_packaging.py tests/test_release.py \
	tests/test_containers.py tests/test_language.py tests/test_catalogues.py tests/test_permissions.py
TEMPLATES = $(shell git ls-files 'templates/*.html' 'templates/*.txt')
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po locale/libraries/*/LC_MESSAGES/*.po))
# The environment of `make dev`; it uses the data of `make demo`.
DEVELOPMENT = env -u DATABASE_URL -u CACHE_URL -u EMAIL_URL -u SECRET_KEY -u MEDIA_ROOT -u STATIC_ROOT \
	ORIGIN=http://127.0.0.1:$(PORT) DATA_DIR=var SECRET_KEY_FILE=var/secret-key PAYMENTS=dummy DEBUG=true

.DEFAULT_GOAL := help
.PHONY: help demo dev test test-system bench bench-quick lint fix messages catalogues diagram wheel release lock clean

help:
	@echo "make demo   run the site on http://127.0.0.1:8000/ with demonstration content (PORT= changes the port)"
	@echo "make dev    the same site with autoreload, the task worker and the debug toolbar"
	@echo "make test   run all tests on SQLite, and on PostgreSQL and the production stack if DATABASE_URL is set"
	@echo "make test-system  run the tests that take minutes: whole backups, upgrades under load"
	@echo "make bench  measure the site with a million articles (docs/performance.md); make bench-quick: in a minute (two the first time)"
	@echo "make lint   style, types, import contracts, templates, migrations, deployment check"
	@echo "make fix    fix the style of Python and templates"
	@echo "make messages  merge new interface strings into locale/*/LC_MESSAGES/django.po (needs gettext)"
	@echo "make diagram   write docs/data-model.md from the models"
	@echo "make wheel  build the installable package into dist/"
	@echo "make release  check, build, sign and tag a release; refuses when something is missing (.ci/release)"
	@echo "make lock   write requirements*.txt from pyproject.toml (needs uv)"
	@echo "make clean  delete the environment, everything under var/ and the data of bench-quick"

# --- Running ---------------------------------------------------------------------------------

# preflight.py runs before the packages are installed, so that a port in use is reported immediately.
demo:
	@PYTHON="$(PYTHON)" sh demo/find-python demo/preflight.py "$(PORT)"
	@$(MAKE) -s catalogues
	@exec $(RUN) -m spokesperson demo --port "$(PORT)"

# Ctrl-C ends the server and the worker; the trap ends the worker if the server fails.
dev: $(VENV)/requirements-dev.stamp catalogues
	@$(RUN) -m spokesperson demo --port "$(PORT)" --prepare-only
	@$(DEVELOPMENT) $(RUN) manage.py db_worker --queue-name '*' & worker=$$!; \
		trap 'kill $$worker 2>/dev/null' EXIT INT TERM; \
		$(DEVELOPMENT) $(RUN) manage.py runserver 127.0.0.1:$(PORT)

# Compiled in Python, because a machine that only runs the site has no gettext.
catalogues: $(CATALOGUES)
$(CATALOGUES): %.mo: %.po | $(VENV)/requirements.stamp
	@$(RUN) -c "import polib, sys; polib.pofile(sys.argv[1]).save_as_mofile(sys.argv[2])" $< $@

$(VENV)/requirements.stamp: requirements.txt
	@$(RUN) -c "import pip, sys; sys.exit(sys.version_info < (3, 12))" 2>/dev/null || \
		PYTHON="$(PYTHON)" sh demo/find-python -m venv --clear $(VENV)
	@echo "Installing the site's dependencies into $(VENV)/ ..."
	@$(RUN) $(INSTALL) -r requirements.txt
	@touch $@

# --- Checking --------------------------------------------------------------------------------

# If DATABASE_URL is PostgreSQL: all but the browser tests on SQLite and on PostgreSQL, then the browser and concurrency
# tests on the production stack (tests/production.py). Otherwise: all tests on SQLite.
# ENGINE_INDEPENDENT runs on SQLite alone: processes, files and servers that have nothing to do with the database.
# COVERAGE=1 measures branches and fails below the minimum in pyproject.toml. On SQLite only, because it takes half as
# much time again: before Python 3.14 no fast tracer measures branches.
test: $(VENV)/requirements-dev.stamp catalogues
	@if [ "$$CI" = true ] && [ -z "$$DATABASE_URL" ]; then echo "CI=true, but DATABASE_URL is not PostgreSQL." >&2; exit 1; fi
	@echo "Tests on SQLite"
	@env -u DATABASE_URL $(RUN) $(PYTEST) $(if $(COVERAGE),--cov --cov-report=term:skip-covered) \
		$(if $(DATABASE_URL),-m "not e2e") $(TESTS)
	@if [ -z "$$DATABASE_URL" ]; then echo "DATABASE_URL is not PostgreSQL, so the tests ran on SQLite only."; exit; fi; \
		set -e; echo "Tests on PostgreSQL"; \
		$(RUN) $(PYTEST) -m "not e2e" $(ENGINE_INDEPENDENT:%=--ignore=%) $(TESTS); \
		echo "Tests on the production stack"; TEST_STACK=production $(RUN) $(PYTEST) -m "e2e or production" $(TESTS)

# With DATABASE_URL of PostgreSQL also on it, and from one engine to the other.
test-system: $(VENV)/requirements-dev.stamp catalogues
	@SYSTEM_TESTS=1 $(RUN) -m pytest -m system $(or $(TESTS),tests/system)

# BENCH_DATA= is a folder for the databases, which the next run uses again; MARKDOWN= a file for the report; PROFILE= a
# line of the table to profile instead.
bench-quick: BENCH_DATA ?= $(QUICK_DATA)
bench bench-quick: $(VENV)/requirements.stamp catalogues
	@$(RUN) -m bench $(if $(filter bench-quick,$@),--quick) $(if $(BENCH_DATA),--data "$(BENCH_DATA)") \
		$(if $(MARKDOWN),--markdown "$(MARKDOWN)") $(if $(PROFILE),--profile "$(PROFILE)")

lint: $(VENV)/requirements-dev.stamp catalogues
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(AS_IN_PRODUCTION) $(RUN) -m mypy
	$(VENV)/bin/lint-imports --no-logo
	$(VENV)/bin/djade --target-version 6.1 --check $(TEMPLATES)
	$(AS_IN_PRODUCTION) $(RUN) manage.py makemigrations --check --dry-run
	$(AS_IN_PRODUCTION) $(RUN) manage.py check --deploy --fail-level WARNING

fix: $(VENV)/requirements-dev.stamp
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format
	$(VENV)/bin/djade --target-version 6.1 $(TEMPLATES)

# The development lock is a superset of the other, with the same versions.
$(VENV)/requirements-dev.stamp: requirements-dev.txt $(VENV)/requirements.stamp
	@echo "Installing the dependencies of tests and checks into $(VENV)/ ..."
	@$(RUN) $(INSTALL) -r requirements-dev.txt
	@touch $@

# --- Generated files -------------------------------------------------------------------------

# locale/libraries has translations that libraries lack; nothing is extracted for it.
messages: $(VENV)/requirements.stamp
	$(AS_IN_PRODUCTION) $(RUN) manage.py makemessages --locale ru --locale hy --no-location --ignore var --ignore tests
	@echo "Now translate the empty and fuzzy entries and delete the obsolete ones (#~); make compiles the rest."

diagram: $(VENV)/requirements.stamp
	$(AS_IN_PRODUCTION) $(RUN) manage.py data_model > docs/data-model.md

wheel: $(VENV)/requirements-dev.stamp
	@rm -rf dist
	$(RUN) -m pip wheel --no-deps --no-build-isolation --quiet --wheel-dir dist .

release:
	@.ci/release

# The lock of an extra has its dependencies only, with the versions of requirements.txt.
LOCK := uv pip compile --universal --python-version 3.12 --generate-hashes --no-header --no-emit-index-url --quiet
lock: $(VENV)/requirements.stamp
	$(LOCK) pyproject.toml --group build -o requirements.txt
	$(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	for extra in metrics redis s3 sentry stripe tracing; do \
		$(RUN) -c "import sys, tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
			print(*project['optional-dependencies'][sys.argv[1]], sep='\n')" $$extra \
		| $(LOCK) - -c requirements.txt -o requirements-$$extra.txt || exit; \
	done

clean:
	rm -rf $(VENV) var dist $(CATALOGUES) $(QUICK_DATA)
