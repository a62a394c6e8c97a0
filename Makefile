# GNU make 3.81 (macOS) or later. `make` alone lists the targets.

.DEFAULT_GOAL := help
.PHONY: help venv demo test test-fast test-all coverage lint format bench benchmarks vectors schemas screenshots messages docs lock image wheel sbom clean

BIN := .venv/bin
READY := .venv/.ready
DIR ?= tests/vectors
WORKERS ?= 3
# Empty is unset for Python: pytest keeps the tests that it rewrote, which cost each worker ten seconds of CPU.
export PYTHONDONTWRITEBYTECODE =
MATRIX ?= 3.11 3.12 3.13 3.14 3.15
PIP = $(BIN)/python -m pip install -q --disable-pip-version-check
UV_PINNED = awk '/^uv==/ { pinned = 1 } pinned { print } pinned && !/\\$$/ { exit }' requirements.lock
INSTALL_UV = $(UV_PINNED) >.venv/uv.txt && $(PIP) --require-hashes -r .venv/uv.txt
PYTHONS := python3 python3.15 python3.14 python3.13 python3.12 python3.11

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

venv: $(READY) ## set the project up in .venv (again only when its dependencies changed)

# uv, of the version and hash that the lock names, installs the rest in a third of pip's time. It does not read pip's
# settings: where it reaches no index, pip goes on.
$(READY): requirements.lock pyproject.toml
	@python=; \
	for candidate in $(PYTHONS); do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'make: no Python 3.11 or later found (tried: $(PYTHONS)). Install one and run make again.' >&2; exit 1; \
	fi; \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Making .venv with $$($$python --version)"; \
		$$python -m venv --clear .venv || exit 1; \
	fi
	@echo 'Installing what requirements.lock names into .venv (a minute or two)'
	@$(INSTALL_UV) && $(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock \
		|| $(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

demo: venv ## show the whole registry at work on this machine (LOG=kafka for a shared log in Kafka, ARGS=--no-serve to end by itself)
	@$(BIN)/python -m registry.cli demo $(if $(LOG),--log $(LOG)) $(ARGS)

# Compiled beforehand: in a new clone, workers and the processes that they start would each compile everything.
# One worker more than processors: many tests wait for a broker, a killed process or a polling interval.
test: venv ## run all tests (ARGS="-k name" for some of them, THOROUGH=1 for many more examples)
	@$(BIN)/python -m compileall -q registry projections consumers tests deploy
	@TESTS_THOROUGH=$(THOROUGH) $(BIN)/pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder $(ARGS)

test-fast: venv ## run the unit tests: no server, no Java, under a minute
	@$(BIN)/pytest -q -n auto -m "not external" $(ARGS) tests/unit

coverage: venv ## branch coverage of what must be right everywhere; fails below 95 % (ARGS=--cov-report=html for pages)
	@$(BIN)/pytest -q -n $(WORKERS) --dist loadgroup --no-loadscope-reorder --cov --cov-report=term $(ARGS) tests/unit tests/contract tests/integration

test-all: venv ## run all tests on each Python from 3.11 to the newest (MATRIX="3.12 3.13" for some)
	@for version in $(MATRIX); do \
		if ! $(BIN)/uv python find -q --no-project $$version >/dev/null 2>&1 && ! $(BIN)/uv python install -q $$version 2>/dev/null; then \
			echo "Python $$version: skipped, there is no interpreter and uv can get none"; continue; \
		fi; \
		echo "Python $$version:"; \
		$(BIN)/uv venv -q --clear --python $$version build/python-$$version && \
		$(BIN)/uv pip install -q --require-hashes --python build/python-$$version/bin/python -r requirements.lock && \
		$(BIN)/uv pip install -q --no-deps --python build/python-$$version/bin/python -e . && \
		build/python-$$version/bin/python -m pytest -q -n $(WORKERS) --dist loadgroup --no-loadscope-reorder $(ARGS) || exit 1; \
	done

lint: venv ## check form, types, the packages' borders, the schemas and the generated pages
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m registry.wire.schemas --check
	@$(BIN)/python -m registry.settings.reference --check
	@$(BIN)/python -m deploy.helm.values_schema --check
	@$(BIN)/python -m deploy.helm.rules --check
	@$(BIN)/python -m registry.metrics.reference --check
	@$(BIN)/python -m registry.privacy.reference --check
	@$(BIN)/python -m registry.cli.json_shapes --check
	@$(BIN)/python -m registry.office.assessments.assessment_schema --check
	@$(BIN)/python -m registry.cli.reference --check
	@$(BIN)/python -m deploy.grafana.dashboard --check

format: venv ## put the code into form
	@$(BIN)/ruff check --fix --exit-zero
	@$(BIN)/ruff format

bench: venv ## measure (ONLY=name for one measurement)
	@$(BIN)/python -m tests.bench $(ONLY)

benchmarks: venv ## write the results of the last `make bench` into docs/benchmarks.md
	@$(BIN)/python -m tests.bench.page

vectors: venv ## run the test vectors (DIR=folder for another set)
	@$(BIN)/python -m tests.vectors.run $(DIR)

schemas: venv ## write the schemas and the generated pages of docs/ from the code
	@$(BIN)/python -m registry.wire.schemas
	@$(BIN)/python -m registry.settings.reference
	@$(BIN)/python -m deploy.helm.values_schema
	@$(BIN)/python -m deploy.helm.rules
	@$(BIN)/python -m registry.metrics.reference
	@$(BIN)/python -m registry.privacy.reference
	@$(BIN)/python -m registry.cli.json_shapes
	@$(BIN)/python -m registry.office.assessments.assessment_schema
	@$(BIN)/python -m registry.cli.reference
	@$(BIN)/python -m deploy.grafana.dashboard

screenshots: venv ## take the pictures of the pages for the README into docs/images (needs Chromium)
	@REGISTRY_SCREENSHOTS=docs/images $(BIN)/pytest -q -n 0 tests/browser/test_screenshots.py

messages: venv ## collect the texts of the pages for translation (registry/server/pages/locales)
	@$(BIN)/python -m registry.server.pages.messages

docs: venv ## build the documentation as static files in build/docs (a link that leads nowhere fails)
	@$(BIN)/sphinx-build -q -W --keep-going -c docs -d build/doctrees . build/docs
	@echo 'Built build/docs; open build/docs/index.html'

lock: venv ## resolve requirements.lock again from pyproject.toml (UPGRADE=1 to newer versions)
	@echo 'Resolving the dependencies of pyproject.toml'
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra dev --extra embedded --extra otel --extra parquet $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade) tests/client/requirements.in -o tests/client/requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade) --extra otel --extra parquet --constraint requirements.lock pyproject.toml -o deploy/image/requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade) deploy/image/sbom.in -o deploy/image/sbom.lock

# Podman's and Buildah's own format leaves out the health check.
image: ## build the image registry:VERSION with docker, podman or buildah (BASE=image for another base)
	@version=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml); \
	for program in docker podman buildah; do command -v $$program >/dev/null 2>&1 && break; done; \
	$$program build $$([ $$program = docker ] || echo --format docker) -f deploy/Containerfile -t registry:$$version \
		--build-arg VERSION=$$version --build-arg REVISION=$$(git rev-parse HEAD) $(if $(BASE),--build-arg BASE=$(BASE)) .

wheel: venv ## make the wheel in build/wheel: the same source becomes the same bytes
	@rm -rf build/wheel && sh deploy/image/make_wheel.sh . build/wheel $(BIN)/python

sbom: venv ## list what the image's program consists of, in build/image/sbom.cdx.json (CycloneDX)
	@rm -rf build/image && sh deploy/image/make_sbom.sh build/image $(BIN)/uv $(BIN)/python && echo 'Wrote build/image/sbom.cdx.json'

clean: ## remove .venv, the demo's data and what tools left behind
	@rm -rf .venv build demo *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
