# One command each. All of them need Python 3.11 or newer with pip and venv, and nothing else.
PYTHON ?= python3
VENV = .venv/bin
TESTS ?= tests

.PHONY: run setup setup-dev test check bench proofs clean

run: setup                    ## set up what is missing and run Kniga in the foreground
	@exec $(VENV)/kniga run

setup:                        ## virtual environment, packages, front end, translations
	@$(PYTHON) tools/setup.py

setup-dev:
	@$(PYTHON) tools/setup.py --dev

check: setup-dev              ## lint, types, import contracts, templates, migrations
	@$(VENV)/python tools/check.py

test: setup-dev               ## everything: checks, then unit, database and browser tests
	@$(VENV)/python tools/test.py $(TESTS)

bench: setup-dev              ## the speed proofs
	@$(VENV)/python -m proofs speed

proofs: setup-dev             ## all proofs: truth, speed, faults
	@$(VENV)/python -m proofs

clean:                        ## remove what set-up made; your data in var/ stays
	rm -rf .venv frontend/node_modules src/kniga/web/static/build .mypy_cache .ruff_cache .pytest_cache
	find src -name '*.mo' -delete
