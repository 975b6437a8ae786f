# `make help` lists the commands.
VENV := .venv
FLOOR := .venv-floor
BOOK := .venv-book
BIN := $(VENV)/bin
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help run test test-all bench test-unit test-floor lint check lab notebooks prose play test-play slides book test-book colab clean
.DEFAULT_GOAL := help

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' Makefile

$(VENV)/.installed: pyproject.toml tools/make_venv.sh
	@sh tools/make_venv.sh $(VENV) '[notebooks,test]'
	@touch $@

run: $(VENV)/.installed ## run a chapter into build/: CHAPTER=02 for one, CHAPTER=all for every one
	@$(BIN)/python tools/notebooks.py run $(CHAPTER)

test: $(VENV)/.installed ## run all tests: the package, then every chapter and solution in smoke size
	$(BIN)/python -m pytest -n 2 tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --nbval-lax chapters

test-all: test ## run all tests, then those that take long, and keep their result in tests/long.json
	$(BIN)/python tools/long_tests.py

bench: $(VENV)/.installed ## measure speed: an error where a ratio is missed
	$(BIN)/python benchmarks/bench.py

test-unit: $(VENV)/.installed ## test the package alone
	$(BIN)/python -m pytest -n 2 tests

$(FLOOR)/.installed: $(VENV)/.installed tools/floor.py
	@mkdir -p build && $(VENV)/bin/python tools/floor.py > build/floor.txt
	@sh tools/make_venv.sh $(FLOOR) '[notebooks,test]' build/floor.txt
	@touch $@

test-floor: $(FLOOR)/.installed ## test the package on the lowest versions it allows
	$(FLOOR)/bin/python -m pytest -n 2 tests

lint: $(VENV)/.installed ## check style with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check gan_keras tests tools benchmarks data book conftest.py

check: $(VENV)/.installed ## check that notebooks and their texts agree
	$(BIN)/python tools/notebooks.py check

lab: $(VENV)/.installed ## open JupyterLab on the chapters
	cd chapters && ../$(BIN)/jupyter lab

notebooks: $(VENV)/.installed ## make the notebooks anew from their texts, executed: CHAPTER=02 for one
	$(BIN)/python tools/notebooks.py build $(CHAPTER)

prose: $(VENV)/.installed ## take changes of prose into the notebooks, without executing them
	$(BIN)/python tools/notebooks.py prose $(CHAPTER)

colab: $(VENV)/.installed ## chapters for Colab: badges, or self-contained notebooks in build/colab/
	@$(BIN)/python tools/colab.py

$(BOOK)/.installed: pyproject.toml tools/make_venv.sh
	@sh tools/make_venv.sh $(BOOK) '[book]'
	@touch $@

play: $(VENV)/.installed ## make build/play/, pages in which generators run and a game is played; needs npm
	$(BIN)/python tools/play.py build

test-play: play $(BOOK)/.installed ## test these pages in Chromium, and their code in Node.js
	node --test tests/play
	$(BOOK)/bin/python -m pytest tests/play

slides: $(VENV)/.installed ## make slides of the committed notebooks: build/slides/index.html; needs npm
	$(BIN)/python tools/slides.py

book: $(BOOK)/.installed ## make a web site of the committed notebooks: build/book/index.html
	@rm -rf build/book && mkdir -p build/book
	$(BOOK)/bin/python -m sphinx -q -W --keep-going -E -d build/doctrees -c book . build/book
	@echo "The book is made: build/book/index.html"

test-book: book $(VENV)/.installed ## test the book: its links, and every page in Chromium
	$(BOOK)/bin/python -m pytest tests/book

clean: ## remove build/ and the environments
	rm -rf build $(VENV) $(FLOOR) $(BOOK)
