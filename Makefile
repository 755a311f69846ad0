SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The newer of the two Go releases that are supported, which CI runs everything on; go.mod names the older one.
# Whatever the machine has is used for everything else: GOTOOLCHAIN chooses another release.
NEWER_GO := go$(shell cat .ci/go-version)

# Built by "go install" on first use. A linter can't read code for a newer Go than it was built by, so it is the newer
# release that builds them, and they are built again, into a folder of its name, when that changes.
TOOLS := .bin/$(NEWER_GO)
GOLANGCI_LINT := $(TOOLS)/golangci-lint-v2.15.0
ACTIONLINT := $(TOOLS)/actionlint-v1.7.12
GOVULNCHECK := $(TOOLS)/govulncheck-v1.9.0
GORELEASER := $(TOOLS)/goreleaser-v2.15.1
# In a folder of its own, since goreleaser finds it by its name.
CYCLONEDX := $(TOOLS)/cyclonedx-gomod-v1.10.0/cyclonedx-gomod

# Every module of this repository except the examples, which are others' repositories.
MODULES := . $(patsubst %/go.mod,%,$(wildcard fleet/go.mod tools/*/go.mod))

.PHONY: help
help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-21s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Wait for tasks on the embedded fake API: no key, no network
	@go build -o .bin/deepotasks ./cmd/deepotasks
	@echo '$$ deepotasks wait --demo'; code=0; .bin/deepotasks wait --demo || code=$$?; \
		echo "exit code $$code, as intended: one task of the demo fails and one id is unknown"; test $$code -eq 4

.PHONY: test
test: ## Run all tests
	go test ./...
	cd tools/consumers && go test -count=1 ./... # what it reads outside of its module does not count for Go's cache of results
	cd tools/bench && go test ./sidebyside

.PHONY: check
check: race lint tidy drift cost second-validator examples review-test bench-check ## Run everything that CI checks beyond the tests

.PHONY: race
race: ## Run all tests with the race detector, in random order
	@go env CC | xargs -I{} sh -c 'command -v {} >/dev/null' || { echo "the race detector needs a C compiler; install gcc"; exit 1; }
	go test -race -shuffle=on ./...

.PHONY: lint
lint: vet $(GOLANGCI_LINT) ## Run gofmt, go vet, and golangci-lint with staticcheck
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run gofmt -w on: $$unformatted"; exit 1; }
	$(GOLANGCI_LINT) run ./...
	cd fleet && $(abspath $(GOLANGCI_LINT)) run ./...

.PHONY: vet
vet: ## Run go vet on every module, and on the main one for Windows too
	@for module in $(MODULES); do (set -x; cd $$module && go vet ./...); done
	GOOS=windows go vet ./cmd/... ./tasksclient/...

$(GOLANGCI_LINT):
	GOTOOLCHAIN=$(NEWER_GO) GOBIN=$(abspath $(TOOLS)) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(lastword $(subst -, ,$@))
	@mv $(TOOLS)/golangci-lint $@

.PHONY: tidy
tidy: ## Fail if a go.mod or go.sum is not tidy
	@for module in $(MODULES); do (set -x; cd $$module && go mod tidy -diff); done

.PHONY: generate
generate: ## Generate gen/ from openapi.yaml
	go generate ./...

.PHONY: drift
drift: ## Fail if gen/ is not exactly what is generated from openapi.yaml
	@before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; cp -R gen "$$before"; \
		strange=$$(ls -A gen | grep -vxE 'config\.yaml|doc\.go|spec\.go|tasks\.gen\.go' || true); \
		test -z "$$strange" || { echo "gen/ holds what nothing generates: $$strange"; exit 1; }; \
		go generate ./...; \
		diff -r "$$before/gen" gen || { rm -rf gen; cp -R "$$before/gen" gen; echo "gen/ has drifted from openapi.yaml; run make generate"; exit 1; }

.PHONY: cost
cost: ## Measure what importing tasksclient adds to a program, with the Go of GOTOOLCHAIN
	cd tools/consumers && go run ./cost

.PHONY: second-validator
second-validator: ## Compare the validator of tasksclient/contract with another one, on every recording and mutation
	cd tools/review && go test -v ./secondvalidator

# What is reviewed is compared with this: any git ref.
BASE := HEAD
# Where the reference goes.
REFERENCE := .review/reference.html

.PHONY: review
review: ## Review the changes of openapi.yaml since BASE (HEAD): breaking changes, Go API, lint; needs Node
	@go build -C tools/review -o ../../.bin/review .
	@.bin/review -base '$(BASE)'

.PHONY: docs
docs: ## Write the reference as one HTML file to REFERENCE (.review/reference.html)
	@go build -C tools/review -o ../../.bin/review .
	@.bin/review -reference '$(REFERENCE)' && chmod +r '$(REFERENCE)' && echo 'wrote $(REFERENCE)'

.PHONY: review-test
review-test: $(ACTIONLINT) ## Test the tool behind make review, and lint the contract and the workflows
	cd tools/review && go test -timeout 30m $$(go list ./... | grep -v /secondvalidator)
	$(ACTIONLINT) -shellcheck= -pyflakes=
	@go build -C tools/review -o ../../.bin/review .
	@if ! command -v npm >/dev/null; then echo "Redocly is left out: there is no npm here"; .bin/review -lint -redocly=false; \
		elif ! (cd tools/review && npm ci --silent); then echo "Redocly is left out: npm can't install it here"; .bin/review -lint -redocly=false; \
		else .bin/review -lint; fi

# Not a tool of tools/review's go.mod: it needs an older YAML library than oasdiff does.
$(ACTIONLINT):
	GOTOOLCHAIN=$(NEWER_GO) GOBIN=$(abspath $(TOOLS)) go install github.com/rhysd/actionlint/cmd/actionlint@$(lastword $(subst -, ,$@))
	@mv $(TOOLS)/actionlint $@

.PHONY: examples
examples: ## Build and test the examples as if this module were published
	cd tools/consumers && go run ./examples
	cd tools/consumers && go test ./importforms -all

.PHONY: generators
generators: ## Try other versions of oapi-codegen on openapi.yaml
	cd tools/consumers && go run ./examples -generators ownclient

.PHONY: prism
prism: ## Run deepotasks against its fake through Prism, a validating proxy; needs Node
	@tools/review/prism/check.sh

.PHONY: live
live: ## Record a few exchanges with the real API into .live and check them against the contract; needs DEEPOMATIC_API_KEY
	@rm -f .live/findings.md
	go test ./contract_test -run '^TestTheAPIKeepsTheContract$$' -count=1 -v -live '$(abspath .live)'

.PHONY: simulate
simulate: ## Compare the cost of waits with the least possible and with other clients; fail if a target is missed (2 minutes)
	go test ./tasksclient -run Simulation -count=1 -v -simulate $(if $(FIGURES),-figures '$(FIGURES)/waits.json')

.PHONY: sidebyside
sidebyside: ## Compare deepotasks with other clients over sockets, on an independent server (4 minutes)
	@go build -o .bin/deepotasks ./cmd/deepotasks
	cd tools/bench && go run ./sidebyside
	cd tools/bench && go run ./sidebyside -finished 10000

.PHONY: sidebyside-sequential
sidebyside-sequential: ## Let deepotasks and the vendor's client wait for the same tasks one after the other (half an hour)
	@go build -o .bin/deepotasks ./cmd/deepotasks
	cd tools/bench && go run ./sidebyside -sequential -runs 8

.PHONY: vuln
vuln: $(GOVULNCHECK) ## Look for known vulnerabilities in what the modules call; asks the database of Go's vulnerabilities
	@for module in $(MODULES); do (set -x; cd $$module && GOTOOLCHAIN=$(NEWER_GO) $(abspath $(GOVULNCHECK)) ./...); done

$(GOVULNCHECK):
	GOTOOLCHAIN=$(NEWER_GO) GOBIN=$(abspath $(TOOLS)) go install golang.org/x/vuln/cmd/govulncheck@$(lastword $(subst -, ,$@))
	@mv $(TOOLS)/govulncheck $@

# A version that is to be released, such as v0.2.0.
VERSION :=

.PHONY: apidiff
apidiff: ## Compare the exported Go API with BASE (the last tag), and say which version that needs; fail if VERSION is less
	@cd tools/review && go run ./release apidiff -base '$(if $(filter file,$(origin BASE)),,$(BASE))' -version '$(VERSION)'

.PHONY: release
release: ## Make the commit and the two tags of VERSION, and say how to push them
	@cd tools/review && go run ./release tag '$(VERSION)'

.PHONY: snapshot
snapshot: $(GORELEASER) $(CYCLONEDX) ## Build what a release holds, into .release, and run this machine's part; needs no tag (at first 15 minutes)
	@tools/review/release/assets.sh
	$(RELEASE) --snapshot
	@tools/review/release/try.sh

.PHONY: publish
publish: $(GORELEASER) $(CYCLONEDX) ## Publish the tag VERSION, which is checked out; only the workflow does this
	@tools/review/release/assets.sh '$(VERSION)'
	GORELEASER_CURRENT_TAG='$(VERSION)' $(RELEASE)

RELEASE = GOTOOLCHAIN=$(NEWER_GO) PATH='$(abspath $(dir $(CYCLONEDX)))':"$$PATH" $(GORELEASER) release --clean --release-notes .release/pack/notes.md

$(GORELEASER):
	GOTOOLCHAIN=$(NEWER_GO) GOBIN=$(abspath $(TOOLS)) go install github.com/goreleaser/goreleaser/v2@$(lastword $(subst -, ,$@))
	@mv $(TOOLS)/goreleaser $@

$(CYCLONEDX):
	GOTOOLCHAIN=$(NEWER_GO) GOBIN=$(abspath $(dir $@)) go install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(lastword $(subst -, ,$(patsubst %/,%,$(dir $@))))

FUZZTIME := 20s

.PHONY: fuzz
fuzz: ## Fuzz each target for FUZZTIME (20s)
	@for dir in ./tasksclient ./tasksclient/internal/transport ./tasksclient/contract ./internal/cli/ids ./cmd/deepotasks/internal/verify; do \
		for target in $$(go test -list '^Fuzz' $$dir | grep '^Fuzz'); do \
			echo "== $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$dir; \
		done; done

.PHONY: soak
soak: ## Wait for 20,000 tasks of a fake that fails and is killed (2 minutes at most)
	@go build -o .bin/deepotasks ./cmd/deepotasks
	@cd tools/bench && go run ./soak

.PHONY: soak-poison
soak-poison: ## The same with refusals, answers that are not HTTP, and a tenth of the ids breaking each request (30 minutes at most)
	@go build -o .bin/deepotasks ./cmd/deepotasks
	@cd tools/bench && go run ./soak -poison 0.1 -tasks 2000 -chance 0.3 -limit 30m

.PHONY: fleet
fleet: ## Test fleet/ on SQLite, and on PostgreSQL where that is installed (2 minutes)
	cd fleet && go test ./...

.PHONY: fleet-programs
fleet-programs:
	@go build -o .bin/deepotasks ./cmd/deepotasks
	@go build -C fleet -o ../.bin/deepotasks-fleet ./cmd/deepotasks-fleet
	@go build -C fleet -o ../.bin/fleet-soak ./soak

.PHONY: fleet-demo
fleet-demo: fleet-programs ## Enqueue 1,000 ids on SQLite, kill the worker and start it again; no result is lost
	@fleet/demo.sh

.PHONY: fleet-killed
fleet-killed: fleet-programs ## Kill workers while they wait for 3,000 ids, on SQLite and PostgreSQL (2 minutes)
	@.bin/fleet-soak -on sqlite -ids 3000 -duration uniform:0s-20s -every 5s -kills 2 -workers 1
	@.bin/fleet-soak -if-installed -ids 3000 -duration uniform:0s-30s -every 5s -kills 3

.PHONY: fleet-soak
fleet-soak: fleet-programs ## Kill workers and PostgreSQL while 200,000 ids are waited for, then workers on SQLite with 20,000 (15 minutes)
	@.bin/fleet-soak
	@.bin/fleet-soak -on sqlite -ids 20000 -duration uniform:0s-1m -every 12s -kills 3 -workers 1
	@.bin/fleet-soak -on sqlite -ids 20000 -duration uniform:0s-1m -every 12s -kills 3 -workers 3

.PHONY: fleet-measure
fleet-measure: fleet-programs ## Compare what a fleet costs with one process, and what it costs PostgreSQL; fail if a target is missed (2 minutes)
	@.bin/fleet-soak -measure -ids 10000

.PHONY: wait-killed
wait-killed: ## Wait for 100,000 tasks with a process that is killed ten times (1 minute)
	go test ./cmd/deepotasks -run Killed -count=1 -v -killed-tasks 100000 -kills 10

# The rows of the plot, in a variable since a comma would end an argument of if.
PLOTTED := 10000,30000,100000,300000,1000000

.PHONY: scale
scale: ## Wait for up to a million tasks at once and print the cost of each (3 minutes)
	@go build -o .bin/deepotasks ./cmd/deepotasks
	@cd tools/bench && go run ./scale $(if $(FIGURES),-tasks $(PLOTTED) -gap 20s -figures '$(FIGURES)/scale.json')

.PHONY: contention
contention: ## Let 64 callers share a client and print where they wait for its locks
	@go build -o .bin/deepotasks ./cmd/deepotasks
	@cd tools/bench && go run ./scale -contention

# The folder in which make simulate, make bench and make scale record what plots show; nowhere, if it is empty.
FIGURES :=

# A target that is missed fails this at its end, when everything is drawn.
.PHONY: plots
plots: ## Measure anew what the plots of BENCHMARKS.md show, and draw them (10 minutes)
	@code=0; GOTOOLCHAIN=$(NEWER_GO) $(MAKE) --keep-going simulate bench scale FIGURES='$(abspath tools/bench/figures)' || code=$$?; \
		$(MAKE) draw; exit $$code

.PHONY: draw
draw: ## Draw the plots of BENCHMARKS.md from the figures in tools/bench/figures
	cd tools/bench && go run ./plots

.PHONY: pictures
pictures: ## Make the README's pictures; needs tmux and chromium
	@go build -o .bin/deepotasks ./cmd/deepotasks
	@cmd/deepotasks/pictures/make.sh

# Each round runs every benchmark once, in any order, so that what disturbs the machine disturbs all of them alike.
.PHONY: bench
bench: ## Compare the calls of tasksclient with those of other clients; fail if a target of Go 1.27 is missed (2 minutes)
	@made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; cd tools/bench; \
		go test -c -o "$$made/clients" .; \
		echo "toolchain: $$(go env GOVERSION)" > "$$made/figures"; \
		for round in $$(seq 25); do "$$made/clients" -test.run '^$$' -test.bench . -test.benchtime 100ms; done >> "$$made/figures"; \
		go tool benchstat -ignore pkg -col '/by@(generated layer ogen json sonic)' "$$made/figures"; \
		go run ./targets $(if $(FIGURES),-figures '$(FIGURES)/calls.json') "$$made/figures"

.PHONY: bench-check
bench-check: ## Check the clients that make bench compares: vet, drift, tests, each benchmark once
	@made=$$(mktemp -d); trap 'rm -rf "$$made"' EXIT; cd tools/bench; go vet ./...; \
		go tool ogen --target "$$made/ogen" --package ogen --config ogen/ogen.yaml ../../openapi.yaml 2>/dev/null; \
		diff -r -x ogen.yaml "$$made/ogen" ogen || { echo "tools/bench/ogen has drifted from openapi.yaml; run go generate there"; exit 1; }; \
		go test -bench . -benchtime 1x . ./targets ./plots

.PHONY: cover
cover: ## Print the coverage of tasksclient; fail at 90 % or less
	@go test -coverprofile=coverage.out ./tasksclient
	@go tool cover -func=coverage.out | awk '{ print } /^total:/ { exit $$3+0 <= 90 }'
