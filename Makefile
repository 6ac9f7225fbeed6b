# make run: the whole thing on one machine.  make test, chaos, check, bench: see README.md.
.DEFAULT_GOAL := run
# The first Python from 3.11 up that is found; PYTHON=/path/to/python make run takes another.
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3 python,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
BIN := .venv/bin
RUNTIME := .venv/.runtime
DEV := .venv/.dev

.PHONY: run test chaos check format bench demo-reset

run: $(RUNTIME)
	@$(BIN)/python manage.py launch

# ARGS="tests/db -x" goes to pytest, on both databases.
test: $(DEV)
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.suite $(ARGS)

# tests/faults at their full length, on both databases; the seeds stand in what it prints.
# FAULTS=tests/faults/test_timers.py is one of them, TEST_ON=sqlite or postgresql one database.
FAULTS ?= tests/faults
chaos: $(DEV)
	@PATH="$(CURDIR)/$(BIN):$$PATH" DCM_CHAOS_HOURS=$${DCM_CHAOS_HOURS:-12} \
		DCM_CHAOS_EVENTS=$${DCM_CHAOS_EVENTS:-6000} DCM_CHAOS_DEATHS=$${DCM_CHAOS_DEATHS:-12} \
		DCM_CHAOS_AT_ONCE=$${DCM_CHAOS_AT_ONCE:-1} \
		DCM_CHAOS_CLOCKS=$${DCM_CHAOS_CLOCKS:-10000} DCM_CHAOS_CRASHES=$${DCM_CHAOS_CRASHES:-15} \
		DCM_CHAOS_TIMER_KILLS=$${DCM_CHAOS_TIMER_KILLS:-500} \
		DCM_CHAOS_TOLD=$${DCM_CHAOS_TOLD:-10000} DCM_CHAOS_KILLS=$${DCM_CHAOS_KILLS:-100} \
		$(BIN)/python -m tests.suite $(FAULTS) -s -p no:logging -o timeout=0 \
		-o faulthandler_timeout=0 $(ARGS)

check: $(DEV)
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/check

bench: $(DEV)
	@$(BIN)/python -m benchmarks

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet .
	git ls-files '*.html' | xargs -r $(BIN)/djade --target-version 5.2

# The demo's rows, its world and its logins; nothing of a real organisation.
demo-reset: $(RUNTIME)
	@$(BIN)/python manage.py demo_reset

.venv/.made:
	@test -n "$(PYTHON)" || { echo "DCM needs Python 3.11 or newer: install it, or name it, as in PYTHON=/path/to/python3.11 make run" >&2; exit 1; }
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment: on Debian and Ubuntu run apt install python3-venv" >&2; exit 1; }
	@touch $@

$(RUNTIME): requirements.txt .venv/.made
	@$(BIN)/python scripts/install.py requirements.txt
	@touch $@

$(DEV): requirements-dev.txt requirements.txt .venv/.made
	@$(BIN)/python scripts/install.py requirements-dev.txt
	@touch $@ $(RUNTIME)
