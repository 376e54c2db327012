# Every target brings its own tools: nothing is needed but Python 3.11 or newer with
# pip and venv. What is up to date is skipped; scripts/ holds the how.

PYTHON ?= python3
BIND ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

script = @$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "Legato needs Python 3.11 or newer as $(PYTHON); name one: make PYTHON=python3.11 ..."; \
	exit 1; }; PYTHONDONTWRITEBYTECODE=1 exec $(PYTHON) scripts

.DEFAULT_GOAL := help
.PHONY: help demo test check bench clean

help:
	@echo "make demo    serve the example site on http://$(BIND):$(PORT) (BIND=, PORT=)"
	@echo "make test    run the tests (ARGS= goes to pytest)"
	@echo "make check   lint, format, types and migrations"
	@echo "make bench   measure Legato beside the alternatives (ARGS=)"
	@echo "make clean   remove everything the targets above have made"

demo: export BIND := $(BIND)
demo: export PORT := $(PORT)
demo:
	$(script)/demo.py

test:
	$(script)/run_tests.py $(ARGS)

check:
	$(script)/run_checks.py

bench:
	$(script)/bootstrap.py bench
	@PATH="$(CURDIR)/.venv/bin:$$PATH" exec .venv/bin/python -m legato.bench --cache build/bench $(ARGS)

clean:
	$(script)/clean.py
