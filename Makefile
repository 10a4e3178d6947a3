# Chumrok: what an engineer types. `make` alone prints this list; the word after ## is its help.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The time a whole `go test` may take, plain and under the race detector, the time of one fuzz function, and what `make bench` runs.
TEST_TIMEOUT ?= 20m
RACE_TIMEOUT ?= 60m
FUZZ_TIME    ?= 1m
BENCH        ?= .
BENCH_TIME   ?= 1s

LINT := go tool -modfile=tools/go.mod golangci-lint

.PHONY: help
help: ## print this list
	@awk 'BEGIN { FS = ":[^#]*## " } /^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the gateway in trial mode: nothing needed but Go
	go run ./gateway

.PHONY: build
build: ## build the one binary, ./chumrok, without C
	CGO_ENABLED=0 go build -trimpath -o chumrok ./gateway

.PHONY: setup
setup: ## install Redis' and PostgreSQL's server for the tests, where they are missing (Debian, Ubuntu)
	@tools/setup-test-servers.sh

.PHONY: test
test: setup ## run all tests, on embedded and on real servers, in another order each time
	go test -shuffle=on -timeout $(TEST_TIMEOUT) ./...

.PHONY: race
race: setup ## run all tests with the race detector (installs gcc where it is missing)
	@tools/setup-race.sh
	CGO_ENABLED=1 go test -race -shuffle=on -timeout $(RACE_TIMEOUT) ./...


.PHONY: check
check: fmt-check vet lint tidy-check generate-check test drill-short e2e ## everything that CI runs

.PHONY: e2e
e2e: ## carry reports through a real Kannel, by SMS and by USSD over SMPP, in a network of their own (Linux, root or user namespaces)
	@tools/setup-e2e.sh
	go vet -tags e2e ./gateway
	go test -tags e2e -count=1 -timeout $(TEST_TIMEOUT) -run '^TestThroughKannel$$' ./gateway

# What the drill breaks, and how often; RELIABILITY.md is what it printed last. DRILL='--only kills --house sqlite' runs a part and writes nothing.
.PHONY: drill
drill: setup ## break the real gateway on real servers, and print what that showed into RELIABILITY.md
	go run ./internal/faults $(if $(DRILL),$(DRILL),--out RELIABILITY.md)

.PHONY: drill-short
drill-short: setup # the same, briefly and in under two minutes
	go run ./internal/faults --short

.PHONY: fmt
fmt: ## format the Go files
	gofmt -w $(GO_FOLDERS)

.PHONY: fmt-check
fmt-check:
	@unformatted=$$(gofmt -l $(GO_FOLDERS)); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run make fmt:"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet:
	go vet ./...

.PHONY: lint
lint: ## run golangci-lint, pinned in tools/go.mod (the first build takes some minutes)
	$(LINT) run ./...

.PHONY: tidy-check
tidy-check:
	go mod tidy -diff
	go -C tools mod tidy -diff
	go mod verify

# Generated files are part of the repository; this makes them again and looks for a difference. It compares with what
# was on the disk before, not with the last commit, so that it also works amid one's own changes.
.PHONY: generate-check
generate-check:
	@tools/generate-check.sh

.PHONY: fuzz
fuzz: ## run every fuzz function for a minute (FUZZ_TIME=10s for less)
	@tools/fuzz.sh $(FUZZ_TIME)

.PHONY: bench
bench: setup ## run the benchmarks on real Redis and PostgreSQL, as lines of: name value unit
	@go test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCH_TIME) -benchmem ./... | awk -f tools/bench.awk
	@go test -tags nullseal -run '^$$' -bench 'BenchmarkSealing' -benchtime 20x ./gateway | awk -f tools/bench.awk

.PHONY: attacks
attacks: setup ## run the attack tests and print what each tries, whether it held, and what hanging connections cost
	@go -C tools run ./attacks

GO_FOLDERS := $(wildcard adapters deploy flows gateway internal locales tools)
