# The same commands that continuous integration runs. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help build test demo lint fmt package bench clean

SWIFT_FILES := Sources Tests Package.swift

help: ## list what make can do
	@awk -F ': ## ' '/^[a-z]+: ## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build for debugging
	@scripts/setup.sh
	@swift build

test: ## check the format, build, run every test; ARGS='--filter NAME' runs some
	@scripts/test.sh $(ARGS)

demo: ## build for release and run the demo; ARGS go to it
	@scripts/build-release.sh
	@exec .build/release/fleetscore demo --fleet Demo/demo-fleet.tar.gz $(ARGS)

lint: ## check the format
	@swift format lint --strict --recursive $(SWIFT_FILES)

fmt: ## format in place
	@swift format --in-place --recursive $(SWIFT_FILES)

package: ## make the archive for Debian 12 in dist/
	@scripts/package.sh

bench: ## run the benchmarks
	@if [ -d Benchmarks ]; then swift package --package-path Benchmarks benchmark $(ARGS); \
	else echo "there is no Benchmarks folder" >&2; exit 1; fi

clean: ## remove what was built
	@rm -rf .build dist .venv-test
