# `make` alone lists what there is. Everything works on a bare Debian machine with Python 3.11, and again on a ready one.
.DEFAULT_GOAL := help
.PHONY: help demo stop test test-unit test-all corpus check sizes lock setup host-for-demo host-for-test
MAKEFLAGS += --no-print-directory
# Where the environment forbids to keep what was compiled, as images for containers do, each run would compile it all again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
# The slow lanes (marker `heavy`) run only when asked for, and with them more made-up inputs: make test HEAVY=1
LANES := $(if $(HEAVY),-m "not corpus" --hypothesis-profile=thorough)

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22

demo: host-for-demo ## Start Shipway on this machine, deploy the example app, print where everything is
	@$(BIN)/python scripts/demo.py

stop: setup ## Stop what `make demo` started; its data stays
	@$(BIN)/shipway down --home .shipway --all

test: host-for-test ## Set up and run all tests but the heavy ones (HEAVY=1: these too)
	@$(PYTEST) tests/unit $(LANES)
	@$(PYTEST) --ignore=tests/unit $(LANES) -n 2 --dist loadfile

test-unit: setup ## Run the fast tests: no sockets, no containers
	@$(PYTEST) tests/unit

test-all: ## Run the heavy tests too
	@$(MAKE) test HEAVY=1

corpus: host-for-test ## Build, run and ask every sample app of tests/apps (an hour)
	@$(PYTEST) tests/integration/test_apps_answer.py -m "" --durations=0

check: setup ## Lint, check the format, the types and the layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

sizes: setup ## Report the sizes of files and functions
	@$(BIN)/python bench/sizes.py

lock: setup ## Resolve the dependencies anew into requirements.lock and scripts/uv.lock.txt
	@bash scripts/lock.sh

setup: ## Make .venv from the lock
	@bash scripts/setup.sh

host-for-demo: setup
	@$(BIN)/python -m shipway.host setup --for demo

host-for-test: setup
	@$(BIN)/python -m shipway.host setup --for test
