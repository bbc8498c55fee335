# Skein's build. `make help` lists the targets; V=1 shows the commands.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
Q := $(if $(V),,@)
JOBS ?= 2
PROTOS := Sources/EnvoyAPI/Protos
STRICT := --explicit-target-dependency-import-check error
RELEASE := --scratch-path .build-release -c release

.PHONY: help
help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## Installs what building and testing need (Debian packages, Envoy)
	$(Q)Scripts/deps

.PHONY: build
build: deps ## Builds everything, for debugging
	$(Q)swift build -j $(JOBS) $(STRICT)

.PHONY: release
release: deps ## Builds the skein binary, optimized
	$(Q)swift build -j $(JOBS) $(RELEASE) --product skein

.PHONY: test
test: deps ## Runs everything that CI runs: lint, generated code, unit and end-to-end tests
	$(Q)Scripts/test $(FILTER)

.PHONY: e2e
e2e: build ## Runs the tests against real Envoys only
	$(Q)swift test --skip-build --filter EndToEndTests

.PHONY: demo
demo: deps ## Shows a mesh on this machine; KEEP=1 leaves it running
	$(Q)KEEP=$(KEEP) Manifests/demo/run

.PHONY: bench
bench: deps ## Measures everything, optimized, into Docs/Performance.md; FILTER measures a part
	$(Q)swift build -j $(JOBS) $(RELEASE) --product skein-benchmarks
	$(Q)Scripts/bench $(if $(FILTER),"$(FILTER)")

.PHONY: bench-check
bench-check: deps ## Compares work and instructions with the baseline; UPDATE_BASELINE=1 takes new ones
	$(Q)swift build -j $(JOBS) $(RELEASE) --product bench-check
	$(Q)SWIFT_DETERMINISTIC_HASHING=1 \
		SWIFT_VERSION="$$(swift --version 2>/dev/null | grep -oE 'version [0-9.]+' | head -1 | cut -d' ' -f2)" \
		$(CURDIR)/.build-release/release/bench-check

.PHONY: lint
lint: ## Checks the format of the code and the layers of the modules
	$(Q)swift format lint --strict --recursive --parallel Sources Tests Package.swift
	$(Q)Scripts/check-layers

.PHONY: format
format: ## Formats the code
	$(Q)swift format --in-place --recursive --parallel Sources Tests Package.swift

.PHONY: generate
generate: ## Writes the generated Swift code from the .proto files
	$(Q)swift build --product protoc-gen-envoy-writers
	$(Q)swift build --product protoc-gen-swift
	$(Q)Scripts/generate Sources/EnvoyAPI/Generated Tests/EnvoyMessages/Generated

.PHONY: generate-check
generate-check: ## Proves that the generated code is that of the .proto files
	$(Q)swift build --product protoc-gen-envoy-writers
	$(Q)swift build --product protoc-gen-swift
	$(Q)Scripts/generate-check

.PHONY: manifests
manifests: ## Writes the manifests and the chart that skein install is made of
	$(Q)UPDATE_MANIFESTS=1 swift test --disable-xctest --filter InstallationTests.ManifestTests

# A real API server takes no loopback addresses for endpoints, so the tests run in a network of their own.
.PHONY: e2e-kubernetes
e2e-kubernetes: deps ## Runs the tests of clusters against a real API server (KUBEBUILDER_ASSETS), as root
	$(Q)test -x "$$KUBEBUILDER_ASSETS/kube-apiserver" || \
		{ echo "KUBEBUILDER_ASSETS has to name a folder with kube-apiserver, etcd and kubectl" >&2; exit 66; }
	$(Q)swift build -j $(JOBS) $(STRICT) --build-tests
	$(Q)unshare --net sh -c 'ip link set lo up && ip address add 10.77.0.1/16 dev lo && \
		SKEIN_TEST_NETWORK=10.77 swift test --skip-build --disable-xctest --no-parallel \
		--filter "KubectlContractTests|ClusterTests|ClusterIdentityTests"'

.PHONY: descriptor-check
descriptor-check: deps ## Proves that the .proto files are those of the published Envoy API
	$(Q).tools/python/bin/python Scripts/check-descriptors

.PHONY: check
check: lint generate-check test ## Everything a change has to pass
