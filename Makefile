# Every target sets itself up first; `make run` and `make test` are all that is needed.
.POSIX:
.PHONY: help setup run dev test test-deep check bench screenshots docs migrate upgrade lock clean

BIN = .venv/bin
TARGETS = src tests benchmarks scripts hatch_build.py
# Files of tests that run side by side: most of them wait for servers and browsers, so a processor core has more than one.
JOBS = 3
SIDE_BY_SIDE = -n $(JOBS) --dist loadfile --no-loadscope-reorder

help: ## this list
	@grep -E '^[a-z-]+: .*## ' Makefile | sed -E 's/^([a-z-]+): .*## /  make \1|/' | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

setup: ## make .venv ready (Python, locked dependencies, .venv/bin/vtonlab) and build the pages
	@scripts/setup.sh
	@scripts/frontend.sh

run: setup ## open the fitting room in the browser
	@$(BIN)/vtonlab serve $(ARGS)

dev: setup ## both sides with hot reload, at http://127.0.0.1:5173
	@scripts/dev.sh $(ARGS)

test: check ## every check, then the tests
	$(BIN)/python -m pytest -m "not deep" $(SIDE_BY_SIDE) $(ARGS)

test-deep: setup ## all tests, those that take minutes too, with new random examples
	HYPOTHESIS_PROFILE=searching $(BIN)/python -m pytest -m "deep or not deep" $(SIDE_BY_SIDE) $(ARGS)

check: setup ## ruff, mypy --strict, import-linter; eslint, vue-tsc, vitest
	$(BIN)/ruff check $(TARGETS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	scripts/npm run --silent lint
	scripts/npm run --silent types
	scripts/npm run --silent test

bench: setup ## every benchmark's table
	@for file in benchmarks/[a-z]*.py; do \
		name=$$(basename "$$file" .py); echo "== $$name"; $(BIN)/python -m "benchmarks.$$name" || exit 1; \
	done

screenshots: setup ## pictures of every page in both languages and themes, into out/screenshots
	@$(BIN)/python scripts/screenshots.py $(ARGS)

docs: setup ## write the generated pages of docs/reference and the front end's client
	@$(BIN)/python scripts/write_reference.py
	@$(BIN)/python scripts/write_client.py
	@scripts/npm run --silent shortcuts

migrate: setup ## write the database's next step from the models: make migrate MESSAGE="users have a nickname"
	@MESSAGE="$(MESSAGE)" && $(BIN)/python -m scripts.make_migration "$$MESSAGE"

upgrade: setup ## bring your own database up to date, after a copy of it
	@$(BIN)/vtonlab db upgrade $(ARGS)

lock: setup ## resolve the dependencies anew into requirements.lock
	@scripts/lock.sh $(ARGS)

clean: ## remove what was made here, .venv included
	rm -rf .venv .uv build dist frontend/node_modules src/vtonlab/web/built .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
