# make serve, make test, make lint and make bench each work on a fresh clone: they make .venv themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: serve test soak lint format bench lock ood screenshots image-check clean
.DELETE_ON_ERROR:

serve: $(VENV)/.serve
	$(BIN)/quartet serve

# One process of tests a core; ARGS="-n 0 -k NAME" for a few of them in one.
test: $(VENV)/.dev
	$(BIN)/pytest -n auto --dist worksteal $(ARGS)

# The tests that take minutes: docs/reliability.md. SOAK_REQUESTS=5000 SOAK_SEED=1 make soak for fewer and others.
soak: $(VENV)/.dev
	$(BIN)/pytest -m soak $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	if test -x $(BIN)/hadolint; then $(BIN)/hadolint Dockerfile; fi

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# make bench ARGS="--parts pictures --contenders litserve --seconds 3 --rounds 1" takes a minute.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.speed $(ARGS)

# One lock for every platform and Python that pyproject.toml allows.
lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras \
		--no-emit-index-url --no-header --no-annotate pyproject.toml -o constraints.txt $(ARGS)

# make ood ARGS='--data DATA': how the models tell strangers, written to docs/out-of-distribution.md.
ood: $(VENV)/.dev
	$(BIN)/python -m benchmarks.out_of_distribution $(ARGS)

# The pictures of the page, in docs/images; needs Chromium.
screenshots: $(VENV)/.dev
	$(BIN)/python -m docs.screenshots

# Builds the image with buildah over a Debian made by debootstrap, runs it with crun and asks it: docs/container.md.
# As root. ARGS='--build-arg TENSORFLOW=with' for the image that has TensorFlow.
image-check: $(VENV)/.dev
	deploy/container/build.sh build/container $(ARGS)
	$(BIN)/python deploy/container/check.py build/container

clean:
	rm -rf $(VENV)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Quartet needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the service into $(VENV) (once; downloads about 400 MB)"
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/.serve
