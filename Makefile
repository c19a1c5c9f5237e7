# Two commands: `make demo` runs the site, `make test` runs every test.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: demo test lint
