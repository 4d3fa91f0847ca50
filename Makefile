# make demo     the whole pipeline on synthetic posts, in demo/
# make test     every check: lint, types, layers, tests
# make site     the documentation as a website, in site/, its notebooks run
# make bench    speed, memory and accuracy, each beside a reference
# make nightly  what takes too long for every change, with new draws every time: the scorer against vaderSentiment
#               on a million made-up texts, importers against broken files, 200 kills, a real cron
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test site bench nightly clean

help:
	@grep '^# make' Makefile | cut -c3-

demo: .venv/runtime
	$(BIN)/walkback demo --out demo

test: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto

site: .venv/dev demo
	WALKBACK_DEMO=$(CURDIR)/demo $(BIN)/python -m mkdocs build --quiet

bench: .venv/bench
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/flat.py
	$(BIN)/python benchmarks/collect.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/aggregate.py
	$(BIN)/python benchmarks/pipeline.py
	$(BIN)/python benchmarks/accuracy.py
	$(BIN)/python benchmarks/worlds.py
	$(BIN)/python benchmarks/composition.py
	$(BIN)/python benchmarks/alerts.py
	$(BIN)/python benchmarks/together.py

nightly: .venv/dev
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest tests/analysis/scorers
	$(BIN)/python benchmarks/fuzz.py
	$(BIN)/python benchmarks/kills.py
	$(BIN)/python benchmarks/cron.py

clean:
	rm -rf .venv demo site

.venv/runtime: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Walkback needs Python 3.11 or newer: make PYTHON=python3.12 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/bench: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	touch $@

.venv/dev: .venv/runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@
