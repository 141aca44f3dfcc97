# Each target makes or completes the one environment .venv from a bare Python, and nothing else.
# A finished environment is redone only when pyproject.toml changes; until then no target needs a network.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check -qq
FIGURE := demo/compare.png
REPORT := demo/report

.PHONY: help demo test test-all check bench clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@echo "make demo      compare published runs, and write their report into $(REPORT)/"
	@echo "make test      the tests, without the slow ones"
	@echo "make test-all  all tests"
	@echo "make check     ruff and mypy"
	@echo "make bench     the benchmarks"
	@echo "make clean     remove .venv and all that the other targets made"

demo: $(VENV)/.runtime
	@mkdir -p $(dir $(FIGURE))
	$(VENV)/bin/convlens compare ssd_512_mobilenet1.0_coco ssd_512_resnet50_v1_coco --plot $(FIGURE)
	@echo "The figure is $(FIGURE)"
	$(VENV)/bin/convlens compare logs/shapes/teacher.log logs/shapes/baseline.log logs/shapes/distilled.log
	$(VENV)/bin/convlens gap logs/shapes/baseline.log logs/shapes/distilled.log logs/shapes/teacher.log
	$(VENV)/bin/convlens report ssd_512_mobilenet1.0_coco ssd_512_resnet50_v1_coco logs/shapes/*.log -o $(REPORT)

test: $(VENV)/.dev
	$(RUN) -m pytest -n auto -m "not slow"

test-all: $(VENV)/.dev
	$(RUN) -m pytest -n auto

check: $(VENV)/.dev
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy

bench: $(VENV)/.dev
	$(RUN) -m tests.benchmarks

clean:
	rm -rf $(VENV) $(dir $(FIGURE)) build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find convlens tests examples -name __pycache__ -type d -prune -exec rm -rf {} +

# Dependency groups came with pip 25.1.
$(VENV)/.python:
	@$(PYTHON) -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "convlens needs Python 3.11 or later with its venv module, which '$(PYTHON)' is not:" \
		"name one, as in: make PYTHON=python3.12 (on Debian and Ubuntu, venv is the package python3-venv)" >&2; exit 1; }
	@echo "Making $(VENV) (once; a minute or two)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install 'pip>=25.1'
	@touch $@

$(VENV)/.runtime: pyproject.toml | $(VENV)/.python
	@$(PIP) install -e .
	@touch $@

# The extra `distill` is empty where MXNet cannot be installed: its tests are skipped there. The same goes for the
# browser in which the report is tested: one is fetched where none is there, and nothing fails if it cannot be.
$(VENV)/.dev: pyproject.toml | $(VENV)/.python
	@$(PIP) install -e '.[distill]' --group dev
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
		command -v $$name >/dev/null && exit 0; done; \
		{ [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } \
		>/dev/null 2>&1 || echo "No browser can be installed: tests of the report in a browser will be skipped"
	@touch $(VENV)/.runtime $@
