# The commands of this repository. They need make and Python 3.11 or newer, nothing else.

.DEFAULT_GOAL := help
.PHONY: help run test quick sweeps check bench pictures pins clean

# The first Python here that is new enough. Another one: make test PYTHON=python3.13 VENV=.venv-3.13
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
VENV ?= .venv
BIN := $(VENV)/bin
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

# What is installed is stamped: the run needs the first, tests and checks the second.
INSTALLED := $(VENV)/.installed-$(VERSION)
INSTALLED_DEV := $(VENV)/.installed-dev-$(VERSION)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all:

# Tests run on several processes; a module's tests stay together, since they share what is costly to make. The modules
# are begun in the order of tests/support/order.py, not in that of their number of tests: few of them can take long.
TEST_OPTIONS ?= -q -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

help:
	@echo "make run     start Foyer with its demo (Ctrl-C stops it)"
	@echo "make test    the whole test suite"
	@echo "make quick   the suite without its slow sweeps and long stories"
	@echo "make sweeps  the slow sweeps and long stories alone, with every value instead of a share"
	@echo "make check   what CI runs: format, lint, types, import contracts, templates, migrations, tests"
	@echo "make bench   the speed table (needs PostgreSQL)"
	@echo "make pictures  the pictures of guides and documents, made anew from the demo (needs Chromium)"
	@echo "make pins    pin the requirements again, with hashes"
	@echo "make clean   remove the virtual environment and caches, never the data"

run: $(INSTALLED)
	@exec $(BIN)/flask --app app serve

test: $(INSTALLED_DEV)
	@$(BIN)/python -m pytest $(TEST_OPTIONS)

quick: $(INSTALLED_DEV)
	@$(BIN)/python -m pytest $(TEST_OPTIONS) -m "not slow"

sweeps: $(INSTALLED_DEV)
	@FOYER_WHOLE_SWEEPS=1 $(BIN)/python -m pytest $(TEST_OPTIONS) -m slow

check: $(INSTALLED_DEV)
	@echo "format"; $(BIN)/ruff format --check .
	@echo "lint"; $(BIN)/ruff check .
	@echo "types"; $(BIN)/mypy
	@echo "import contracts"; $(BIN)/lint-imports --no-logo
	@echo "templates"; $(BIN)/djlint --lint --quiet templates
	@echo "house rules"; $(BIN)/python -m pytest -q tests/architecture
	@echo "migrations against models"; $(BIN)/python -m pytest -q tests/test_migrations.py
	@if [ -f commands/permissions.py ]; then echo "permission table"; $(BIN)/flask --app app permissions --check; fi
	@$(MAKE) --no-print-directory test

bench: $(INSTALLED_DEV)
	@$(BIN)/python -m bench

pictures: $(INSTALLED_DEV)
	@$(BIN)/python -m tests.browser.shipped_pictures

pins: $(INSTALLED_DEV)
	@for name in requirements requirements-dev; do \
		echo "pinning $$name.in"; \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			--output-file $$name.txt $$name.in || exit 1; \
	done

clean:
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements.txt
	@$(call make_venv)
	@echo "Installing what Foyer needs to run (once, a minute or two)"
	@$(PIP) -r requirements.txt
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	@echo "Installing what testing needs on top"
	@$(PIP) -r requirements-dev.txt
	@touch $@

# A virtual environment of another Python version is made anew.
define make_venv
if [ -z "$(VERSION)" ]; then echo "Foyer needs Python 3.11 or newer; none was found. Install it, or say where it is: make PYTHON=/path/to/python3"; exit 1; fi; \
if ! [ -x $(BIN)/python ] || [ "$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" != "$(VERSION)" ]; then \
	echo "Making $(VENV) with Python $(VERSION)"; \
	$(PYTHON) -m venv --clear $(VENV) || { echo "Python's venv module is missing. On Debian: apt install python3-venv"; exit 1; }; \
fi
endef
