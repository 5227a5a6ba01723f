# Two commands on a fresh Debian 12: `make run` starts the service, `make test` proves the tree. Both install what is missing
# and say what. Everything they fetch goes into folders that git ignores.

SHELL := /bin/bash
MODELS := $(CURDIR)/.models
DATA := $(CURDIR)/data
PYTHON := $(CURDIR)/.venv/bin/python
STAGE := scripts/stage
export VOICE_AI__MODELS__DIR ?= $(MODELS)
export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: help run build models test packages python node lint shell deny unit docs dist deb docker-lint packaging clean

help:
	@echo "make run     build, fetch the models, start the service on 127.0.0.1:8085"
	@echo "make test    everything that CI runs, each stage timed"
	@echo "make dist    an optimised binary in target/dist/voice-ai"
	@echo "make deb     a Debian package in target/debian"
	@echo "make clean   drop what was built; models stay"

run: packages build models
	@scripts/banner "$(MODELS)" "$(DATA)"
	VOICE_AI__DATA__DIR="$${VOICE_AI__DATA__DIR:-$(DATA)}" exec target/release/voice-ai serve $(ARGS)

packages:
	@scripts/install-packages run

build: packages
	@$(STAGE) build cargo build --release --locked --package cli

models: build
	@target/release/voice-ai models verify whisper-base >/dev/null 2>&1 || target/release/voice-ai models install whisper-base \
	  || echo "voice-ai: no speech-to-text model could be fetched; the service answers by keys until 'voice-ai models install whisper-base' succeeds"

test: test-packages test-models python node lint shell packaging deny unit docs
	@$(STAGE) --total

test-packages:
	@$(STAGE) --start
	@$(STAGE) packages scripts/install-packages test

# The model that the tests of speech to text use is installed as a user would install it.
test-models:
	@$(STAGE) build-cli cargo build --locked --package cli
	@$(STAGE) models scripts/test-models target/debug/voice-ai

python:
	@$(STAGE) python scripts/python-environment .venv $(sort $(wildcard tests/python/requirements*.txt))

# Others' JavaScript clients and servers; 16 s once.
node:
	@$(STAGE) node scripts/node-environment tests/node

lint:
	@$(STAGE) format cargo fmt --all --check
	@$(STAGE) clippy cargo clippy --workspace --all-targets --locked -- -D warnings

# What an operator runs on a PBX, and what builds this.
shell:
	@$(STAGE) shellcheck shellcheck $$(find scripts -type f) deploy/debian/p*
	@$(STAGE) scripts scripts/tests/install-mod-audio-stream

docker-lint:
	@$(STAGE) docker-lint scripts/docker-lint

# What of the packages can be told without building one.
packaging: docker-lint test-models
	@$(STAGE) packaging scripts/tests/packaging target/debug/voice-ai

deny:
	@$(STAGE) deny scripts/check-dependencies

unit:
	@$(STAGE) tests cargo test --workspace --locked

docs:
	@$(STAGE) docs env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

dist: packages
	cargo build --profile dist --locked --package cli

deb: packages
	@$(STAGE) deb scripts/debian-package

clean:
	cargo clean
	rm -rf .venv .cache tests/node/node_modules
