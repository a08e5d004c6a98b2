# Every command of the project. Each does its own set-up, from nothing but python3 with venv, and make.

PYTHON ?= python3
# Of the tests, one more than there are cores: many of them wait for a process, a browser or a caller's voice.
WORKERS = $(shell $(PYTHON) -c 'import os; print(min((os.cpu_count() or 1) + 1, 5))')
RUN = .venv/.run.stamp
DEV = .venv/.dev.stamp
CARRIER = .venv-sandbox/.stamp
TRAIN = .venv-train/.stamp
COMPILE = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(if $(UPGRADE),--upgrade)

# As it was typed: a dollar in it is a dollar.
override export TEXT := $(value TEXT)

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check bench guards demo-model lock browser clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(RUN) $(DEV) $(CARRIER) ## make the environments that the others need; they do it themselves

run: $(RUN) $(CARRIER) ## start everything on this machine and print where it is; PORT=8000 SANDBOX_PORT=5080
	@exec .venv/bin/python -m stack run

demo: $(RUN) $(CARRIER) ## one call from ringing to the answered callback, without hands; TEXT="what the caller says"
	@exec .venv/bin/python -m stack demo --text "$$TEXT"

test: $(DEV) $(CARRIER) ## run every test; ARGS="-k survey" for some of them
	@$(MAKE) --no-print-directory browser || true
	@exec .venv/bin/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(DEV) $(CARRIER) ## format, lint, types, layers, tests; with CI=true, as continuous integration runs it, without the long tests
	$(call step,format,.venv/bin/ruff format --check .)
	$(call step,lint,.venv/bin/ruff check .)
	$(call step,types,.venv/bin/mypy)
	$(call step,layers,.venv/bin/lint-imports)
	$(call step,tests,$(MAKE) --no-print-directory test ARGS="$(if $(CI),-m 'not long')")
	@echo && echo "check: all passed"

bench: $(DEV) $(CARRIER) ## measure: a table, and JSON in var/bench/; PART=speech for one part, ARGS="--only cer" for less
	@exec .venv/bin/python -m benchmarks $(PART) $(ARGS)

guards: $(DEV) ## take each guard out of the code in turn, and see that random moves miss it; ARGS="pauses" for some, in an hour
	@exec .venv/bin/python -m tests.guards $(ARGS)

demo-model: $(TRAIN) $(DEV) $(CARRIER) ## make the demo model again, in about an hour and a half; what is made on the way is kept in var/demo-model/
	@command -v fstconvert >/dev/null || { \
	  echo "The graph needs fstconvert (Debian: apt-get install libfst-tools libfst22-plugins-base)." >&2; exit 1; }
	@.venv-train/bin/python -m speech.demo_model.training
	@exec .venv/bin/python -m benchmarks.speech.calibrate

lock: $(DEV) ## compile the requirements again, pinned and hashed; UPGRADE=1 for newer versions
	$(COMPILE) -o requirements.txt requirements.in
	$(COMPILE) -c requirements.txt -o requirements-dev.txt requirements-dev.in
	$(COMPILE) -o sandbox/requirements.txt sandbox/requirements.in

browser: ## install Chromium and a Chinese font for the browser tests, where that is allowed (Debian)
	@if (command -v chromium && fc-list :lang=zh | grep .) >/dev/null 2>&1; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then as_root=env; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; fi; \
	if [ -z "$$as_root" ] || ! command -v apt-get >/dev/null; then \
	  echo "The browser tests need Chromium and a Chinese font. Install them (Debian: apt-get install chromium" >&2; \
	  echo "fonts-noto-cjk), then run this again." >&2; exit 1; fi; \
	echo "Installing chromium and fonts-noto-cjk for the browser tests ..."; \
	$$as_root apt-get update -qq && \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends \
	  chromium fonts-noto-cjk fontconfig >/dev/null

clean: ## remove the environments and caches; the data below var/ stays
	rm -rf .venv .venv-sandbox .venv-train .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN): requirements.txt
	$(call environment,.venv,requirements.txt)

$(DEV): requirements-dev.txt $(RUN)
	$(call environment,.venv,requirements-dev.txt)

$(CARRIER): sandbox/requirements.txt
	$(call environment,.venv-sandbox,sandbox/requirements.txt)

# torch first, and by itself: where pip finds its CPU build, it is taken, and what is locked is content with it.
$(TRAIN): requirements-train.txt
	@$(PYTHON) -m venv --clear .venv-train
	@echo "Setting up .venv-train: torch ..."
	@.venv-train/bin/python -m pip install -qq --disable-pip-version-check torch==2.13.0
	$(call environment,.venv-train,requirements-train.txt)

# $(1) is the folder, $(2) what goes into it. The stamp comes last, so an interrupted set-up is taken up again.
define environment
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, and $(PYTHON) isn't one. Name it: make PYTHON=/path/to/python3.11" >&2; \
	  exit 1; }
	@$(1)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1) || { \
	  echo "$(PYTHON) can't make virtual environments (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Setting up $(1) from $(2) ..."
	@$(1)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(2)
	@touch $@
endef

# $(1) is the name of the step, $(2) what it runs.
define step
	@printf '\n== %s\n' '$(1)'; $(2) || { echo "check: $(1) failed" >&2; exit 1; }
endef
