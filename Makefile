# `make pilot` runs the main job, `make test` proves the product; both set up all they need.
.PHONY: pilot serve test test-all check bench docs setup setup-dev services clean

LUBAN := .venv/bin/luban
ARGS ?=
PYTEST := .venv/bin/python -m pytest
# compiled modules are kept whatever the shell says: each command and server that a test starts would compile them anew
unexport PYTHONDONTWRITEBYTECODE

pilot: setup ## a shop's morning on real wires, then the proof in virtual time: two minutes
	@$(LUBAN) pilot --report report.html $(ARGS)

serve: setup ## the tiny workshop with its live page
	@$(LUBAN) up examples/tiny_workshop $(ARGS)

test: setup-dev services check ## lint, floors, types and all tests but the slow ones: two files at a time, then those that need quiet
	@$(PYTEST) -m "not slow and not alone" -n 2 --dist loadfile $(ARGS) || [ $$? -eq 5 ]
	@$(PYTEST) -m "alone and not slow" $(ARGS) || [ $$? -eq 5 ]

test-all: setup-dev services check ## the slow tests too
	@$(PYTEST) $(ARGS)

check: setup-dev ## lint, floors and types
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/lint-imports --no-cache | tail -n 4
	@.venv/bin/mypy --num-workers 2

bench: setup-dev ## every benchmark, quick
	@for name in ledger kpi opcua twin schedule rolling spc sampling studies doe control anomaly process_faults rul diagnosis maintain retrofit trace energy energy_hourly verify act pilot indicators protect nation evaluation; do .venv/bin/python -m benchmarks.$$name --quick || exit 1; done

docs: setup-dev ## regenerate the reference pages from the code
	@.venv/bin/python tools/make_reference.py

setup:
	@tools/setup.sh run

setup-dev:
	@tools/setup.sh dev

services:
	@tools/setup.sh services

clean:
	rm -rf .venv tests/services/node_modules .mypy_cache .ruff_cache .pytest_cache
