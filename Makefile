# Skein's build. `make help` lists the targets.
SHELL := /bin/bash
PROTOS := Sources/EnvoyAPI/Protos

.PHONY: generate
generate: ## Writes the generated Swift code from the .proto files
	swift build --product protoc-gen-envoy-writers
	swift build --product protoc-gen-swift
	rm -rf Sources/EnvoyAPI/Generated Tests/EnvoyMessages/Generated
	mkdir -p Sources/EnvoyAPI/Generated Tests/EnvoyMessages/Generated
	cd $(PROTOS) && protoc -I. --plugin=protoc-gen-envoy-writers=$$(swift build --show-bin-path --package-path $(CURDIR))/protoc-gen-envoy-writers \
	  --envoy-writers_out=$(CURDIR)/Sources/EnvoyAPI/Generated $$(find . -name '*.proto' | sort)
	cd $(PROTOS) && protoc -I. --plugin=$$(swift build --show-bin-path --package-path $(CURDIR))/protoc-gen-swift \
	  --swift_opt=Visibility=Package --swift_opt=FileNaming=PathToUnderscores \
	  --swift_out=$(CURDIR)/Tests/EnvoyMessages/Generated $$(find . -name '*.proto' | sort)
