# Candidates, best first; one elsewhere is named as in `make setup PYTHON=/opt/python/bin/python3`.
PYTHON ?= python3 python3.13 python3.12 python3.11
# Further arguments for the command behind a target, as in `make test ARGS="-k pca"`.
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Drops most of TensorFlow's information lines; its warnings and errors stay.
export TF_CPP_MIN_LOG_LEVEL ?= 1

PYTEST = -m pytest -n auto --maxprocesses 8 --dist worksteal
COMPILE = .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock" --quiet

.PHONY: help setup report tables test test-slow test-exhaustive test-all test-lowest coverage lint format lock docs gallery clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1#\2/p' Makefile | awk -F'#' '{printf "make %-12s %s\n", $$1, $$2}'

setup: .venv/.ready  ## make .venv, with the locked packages and skae itself

report: .venv/.ready  ## compare codes of autoencoder and PCA on digits (ARGS="--components 2 8")
	.venv/bin/python -m benchmarks latent --data digits $(ARGS)

tables: .venv/.ready  ## write the tables of README and docs from benchmarks/results
	.venv/bin/python -m benchmarks tables $(ARGS)

test: .venv/.ready  ## run the tests, some minutes (ARGS="-k pca")
	.venv/bin/python $(PYTEST) -m "not slow and not exhaustive" $(ARGS)

test-slow: .venv/.ready  ## run the tests that `make test` leaves out
	.venv/bin/python $(PYTEST) -m "slow and not exhaustive" $(ARGS)

test-exhaustive: .venv/.ready  ## hundreds of kills, damaged files and interrupted fits, for hours
	.venv/bin/python $(PYTEST) -m exhaustive $(ARGS)

test-all: test test-slow  ## run all tests but the exhaustive ones

coverage: .venv/.ready  ## run all tests, and list lines and branches of skae that none of them reaches
	.venv/bin/python $(PYTEST) -m "not exhaustive" --cov=skae --cov-report=term-missing:skip-covered $(ARGS)

# Old releases meet packages newer than themselves and call them deprecated, which is not our news.
test-lowest: .venv-lowest/.ready  ## run all tests with the lowest versions that skae supports
	.venv-lowest/bin/python $(PYTEST) -m "not exhaustive" -W default::DeprecationWarning $(ARGS)

lint: .venv/.ready  ## check style, format and types
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

format: .venv/.ready  ## put the code in the format that lint wants
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

lock: .venv/.ready  ## lock anew what pyproject.toml asks for (ARGS=--upgrade for the newest)
	$(COMPILE) --extra dev --fork-strategy fewest $(ARGS) -o requirements.lock
	$(COMPILE) --extra docs --extra build --fork-strategy fewest $(ARGS) -c requirements.lock \
		-o requirements-docs.lock
	$(COMPILE) --extra test --extra benchmarks --extra build --resolution lowest-direct $(ARGS) \
		-o requirements-lowest.lock

docs: .venv-docs/.ready  ## build the documentation in docs/_build, without running its examples
	.venv-docs/bin/sphinx-build -W --keep-going -D plot_gallery=0 $(ARGS) docs docs/_build

gallery: .venv-docs/.ready  ## build the documentation and run every example of the gallery
	.venv-docs/bin/sphinx-build -W --keep-going $(ARGS) docs docs/_build

clean:  ## remove what make built, but for the environments (.venv*)
	rm -rf .mypy_cache .pytest_cache .ruff_cache dist docs/_build docs/auto_* docs/sg_execution_times.rst \
		reports
	find benchmarks skae tests -name __pycache__ -prune -exec rm -rf {} +

# $(call environment,FOLDER,LOCK,MINOR): FOLDER made anew, on Python 3.11 to 3.MINOR, with the
# packages of LOCK. A half-made one has no .packages yet and so is made anew too.
define environment
	@for python in $(PYTHON); do \
		if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $(3)))' \
			2> /dev/null; then exec $$python -m venv --clear $(1); fi; \
	done; \
	echo "This needs Python 3.11 to 3.$(3), the versions that TensorFlow is built for, and none of" \
		"'$(PYTHON)' is one: install one or name it (make PYTHON=/path/to/python3)." >&2; \
	exit 1
	@echo "Installing the packages of $(2) in $(1); TensorFlow is large, so this takes minutes."
	$(1)/bin/python -m pip install --require-hashes -r $(2)
	@touch $(1)/.packages
endef

.venv/.packages: requirements.lock
	$(call environment,.venv,$<,13)

.venv-docs/.packages: requirements-docs.lock
	$(call environment,.venv-docs,$<,13)

.venv-lowest/.packages: requirements-lowest.lock
	$(call environment,.venv-lowest,$<,12)

.venv/.ready .venv-docs/.ready .venv-lowest/.ready: %/.ready: %/.packages pyproject.toml
	$*/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
