# thyrolearn: `make lab` to learn, `make test` to check, `make book` to build the site. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup lab test book bench serve clean

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8888
BIN := $(VENV)/bin
STAMP := $(VENV)/.thyrolearn
LOCK := $(if $(wildcard constraints.txt),-c constraints.txt)
# Two threads: what a small laptop has. Without GOMP_SPINCOUNT waiting threads burn the time of the working ones.
RUN := OMP_NUM_THREADS=2 GOMP_SPINCOUNT=1000 PYTHONUTF8=1
# JupyterLab asks nobody for news, updates or extensions.
QUIET := --LabApp.news_url=None --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
  --LabApp.extension_manager=readonly $(if $(filter 0,$(shell id -u)),--allow-root)
# The site shows what a reader sees who has set nothing.
DEFAULTS := env -u THYROLEARN_DATA -u THYROLEARN_ROOT -u THYROLEARN_TIER -u THYROLEARN_DEVICE -u THYROLEARN_SEED
SOURCES := $(wildcard pyproject.toml constraints.txt setup.py)

help:  ## this list
	@echo "thyrolearn: deep learning for thyroid nodule ultrasound (for teaching, not for diagnosis)"
	@echo
	@grep -E '^[a-z]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*  ## /  make \1\t/' | expand -t 16

setup: $(STAMP)  ## make .venv and install everything (a few minutes once, then instant)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1)." ; \
	  echo "Name another one: make setup PYTHON=python3.12" ; exit 2 ; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments." ; \
	  echo "On Debian or Ubuntu: sudo apt install python3-venv, then run make again." ; exit 2 ; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)

# First without a network, for an environment that already has everything; then with one.
$(STAMP): $(SOURCES) | $(BIN)/python
	@$(BIN)/python -m pip install --quiet --no-index --no-build-isolation -e '.[all]' $(LOCK) 2>/dev/null || { \
	  echo "Installing (about 3 GB to fetch on Linux, mostly torch)" ; \
	  $(BIN)/python -m pip install --quiet --upgrade pip ; \
	  $(BIN)/python -m pip install -e '.[all]' $(LOCK) ; }
	@# whatever QUIET says, JupyterLab would ask each reader whether it may fetch news
	@$(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements 2>/dev/null || \
	  echo "JupyterLab will ask whether it may fetch news: say no."
	@touch $@

lab: setup  ## open the course in JupyterLab, in your own copy my_course/
	@$(BIN)/thyrolearn prepare
	@$(BIN)/thyrolearn start my_course
	@cd my_course && for page in index.ipynb index.md README.md; do [ -e $$page ] && break; done && \
	  exec ../$(BIN)/jupyter lab --ip 127.0.0.1 --port $(PORT) --LabApp.default_url=/lab/tree/$$page $(QUIET)

test: setup  ## all checks: code, library, every lesson, the site, and the browser where Chromium is present
	$(BIN)/ruff check .
	$(BIN)/ruff format --check thyrolearn tests
	$(BIN)/mypy
	@# many small sums: one thread is faster here than two that wait for each other
	$(RUN) OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests thyrolearn --doctest-modules --ignore=tests/book --ignore=tests/browser
	$(RUN) $(BIN)/thyrolearn prepare
	$(RUN) $(DEFAULTS) $(BIN)/python -m pytest notebooks --nbval-lax --nbval-current-env --nbval-cell-timeout=120 --durations=10
	@$(MAKE) --no-print-directory book
	$(RUN) $(BIN)/python -m pytest tests/book tests/browser

book: setup  ## build the site into _build/html, without a network
	@$(BIN)/python book/tools/execution.py
	@# a page that gave a warning must give it again next time
	$(RUN) $(DEFAULTS) $(BIN)/jupyter-book build . -W --keep-going --config _config.yml --toc book/_toc.yml || \
	  { rm -rf _build/.doctrees ; exit 1 ; }

serve: book  ## show the site at http://127.0.0.1:8000
	@echo "http://127.0.0.1:8000 (Ctrl-C ends it)"
	@(sleep 1; $(BIN)/python -m webbrowser -t http://127.0.0.1:8000 >/dev/null 2>&1 || true) &
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

bench: setup  ## speed of the phantom and of the training loop, here
	$(RUN) $(BIN)/thyrolearn bench

clean:  ## remove what was built; .venv and my_course stay
	rm -rf _build build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
