# make demo, make test: the two commands that do everything. The rest is for those who work on katpkg.

SHELL := /bin/bash
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest

help: ## Show this.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: ## Install what is missing: Debian packages, and .venv from the lock.
	@scripts/setup

demo: setup ## Build and publish the demo archive, boot Debian, apt install kat, show what runs.
	@$(PYTHON) -m scripts.demo

test: root setup lint types ## Set up and pass every test.
	@echo "==> tests (faults as of KATPKG_FAULT_SEED=$${KATPKG_FAULT_SEED:-$$(date -u +%F)})" >&2
	@$(PYTEST) -q -n 3 --dist loadgroup

check: test ## The same.

root:
	@[ "$$(id -u)" = 0 ] || { echo "the tests boot Debian machines, which needs root: sudo make test" >&2; exit 1; }

lint: ## Style.
	@echo "==> ruff" >&2
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --quiet --check .

types: ## Types, strict.
	@echo "==> mypy" >&2
	@.venv/bin/mypy --no-error-summary

format: ## Rewrite the code in the one style.
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format --quiet .

unit: ## The quick tests.
	@$(PYTEST) -q -n 2 tests/unit tests/contract tests/test_architecture.py

integration: ## Those that run Debian's tools.
	@$(PYTEST) -q -n 2 --dist loadgroup tests/integration

acceptance: root ## Those that boot machines.
	@$(PYTEST) -q -n 2 --dist loadgroup tests/acceptance

fault: setup ## Break everything that can break, one thing at a time: an hour. FAULT="directory bucket" for parts of it.
	@$(PYTHON) -m tests.fault $(FAULT)

golden: ## Write the expected renderings anew; read the diff.
	@KATPKG_GOLDEN=1 $(PYTEST) -q tests/unit/packages

docs: ## Write the generated pages of docs/reference anew.
	@$(PYTHON) -m scripts.docs

bench-build: ## Build one wheel artifact with katpkg and with dh-virtualenv, and compare.
	@scripts/setup benchmarks
	@$(PYTHON) -m scripts.bench.build

bench-fetch: setup ## Fetch eleven artifacts with katpkg, copy them with curl, and compare.
	@$(PYTHON) -m scripts.bench.fetch

bench-archive: ## Publish with katpkg and with aptly, reprepro and apt-ftparchive, and compare; takes most of an hour.
	@scripts/setup benchmarks
	@$(PYTHON) -m scripts.bench.archive

bench-rpm: ## Publish one more RPM into thousands, and have createrepo_c do what it can of that; takes a quarter of an hour.
	@scripts/setup benchmarks
	@$(PYTHON) -m scripts.bench.rpm

lock: ## Resolve scripts/requirements.lock and runtime.lock anew.
	@.venv/bin/uv pip compile --quiet --no-config --upgrade --no-header --no-annotate --no-emit-index-url \
	    --no-emit-find-links --generate-hashes --extra dev --python-version 3.11 pyproject.toml -o scripts/requirements.lock
	@.venv/bin/uv pip compile --quiet --no-config --upgrade --no-header --no-annotate --no-emit-index-url \
	    --no-emit-find-links --generate-hashes --universal --extra attestations --python-version 3.11 pyproject.toml \
	    -o scripts/runtime.lock

clean: ## Remove what was made, but not the Debian roots.
	@rm -rf build/demo .mypy_cache .ruff_cache .pytest_cache

.PHONY: help setup demo test check root lint types format unit integration acceptance fault golden docs
.PHONY: bench-build bench-fetch bench-archive bench-rpm lock clean
