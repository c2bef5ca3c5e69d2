# The same commands that continuous integration runs. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help build test fuzz demo lint fmt package bench ingest-bench clean

SWIFT_FILES := Sources Tests Package.swift Benchmarks/Package.swift Benchmarks/Sources \
	Benchmarks/Benchmarks Fuzz/Package.swift Fuzz/Sources/fuzz

help: ## list what make can do
	@awk -F ': ## ' '/^[a-z-]+: ## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build for debugging
	@scripts/setup.sh
	@swift build

test: ## check the format, build, run every test; ARGS='--filter NAME' runs some
	@scripts/test.sh $(ARGS)

fuzz: ## fuzz the readers of untrusted files; ARGS='600 pickle' chooses time and target
	@scripts/setup.sh
	@scripts/fuzz.sh $(ARGS)

demo: ## build for release and run the demo; ARGS go to it
	@scripts/build-release.sh
	@exec .build/release/fleetscore demo --fleet Demo/demo-fleet.tar.gz $(ARGS)

lint: ## check the format
	@swift format lint --strict --recursive $(SWIFT_FILES)

fmt: ## format in place
	@swift format --in-place --recursive $(SWIFT_FILES)

package: ## make the archive for Debian 12 in dist/
	@scripts/package.sh

bench: ## compare with the peer programs; they are in FLEETSCORE_PEERS or ../shared/bench/peers
	@Benchmarks/compare.sh

ingest-bench: ## measure the whole ingest path; ARGS='all' adds latency, scaling and peers
	@scripts/build-release.sh
	@Benchmarks/ingest.sh $(ARGS)

clean: ## remove what was built
	@rm -rf .build .build-fuzz dist .venv-test .venv-kafka .venv-bench .venv-onnx .venv-sklearn-* \
		.model-cases Benchmarks/.build-ingest
