# Shortcuts for what CONTRIBUTING.md describes. Nothing is built by files here:
# the go command knows better than make what is stale.
.DEFAULT_GOAL := help
.PHONY: help build image terraform test race lint fuzz bench bench-replay timings soak upgrade explore demo ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/rescind
	go build -trimpath -o bin/rescind ./cmd/rescind

image: ## dist/image, an OCI layout of the last commit, with SBOM and provenance beside it; prints its digest
	go -C tools run ./image --source .. --out ../dist

terraform: ## check infra/ with Terraform and Google's provider, which takes ten minutes to build the first time
	.ci/terraform all bin

test: ## vet and run every test once
	go vet ./...
	go test ./...

race: ## run every test under the race detector
	go test -race ./...

lint: ## build the pinned linter, then run it
	linter=$$(go -C tools tool -n golangci-lint) && "$$linter" run ./...

FUZZTIME ?= 1m
fuzz: ## fuzz one target: make fuzz PKG=./internal/auditlog NAME=FuzzDecode
	@test -n "$(PKG)" -a -n "$(NAME)" || { echo "usage: make fuzz PKG=./some/package NAME=FuzzSomething [FUZZTIME=$(FUZZTIME)]" >&2; exit 2; }
	go test -run '^$$' -fuzz '^$(NAME)$$' -fuzztime $(FUZZTIME) $(PKG)

ROW =
bench: ## measure docs/performance.md anew, in a quarter of an hour; one row of it: make bench ROW=reverts
	RESCIND_BENCH=long RESCIND_BENCH_ROW=$(ROW) go test -v -count=1 -timeout 30m -tags soak -run '^TestSoakBench$$' ./cmd/rescind

bench-replay: ## measure the section of docs/performance.md about replay anew, on 1 GB, in ten minutes
	RESCIND_BENCH=long go test -v -count=1 -timeout 60m -tags soak -run '^TestSoakBenchReplay$$' ./cmd/rescind

timings: ## run every Go benchmark
	go test -run '^$$' -bench . -benchmem ./...

soak: ## two releases on one Firestore, a burst of 10,000 events, kill -9 again and again, a million findings, 2,000 stories
	RESCIND_SOAK=long RESCIND_STORIES=2000 go test -v -count=1 -timeout 60m -tags soak -run 'Soak|HoweverItIsTold|WhateverHappensTogether|WhereverATale|R10WhatIs' ./cmd/rescind ./cmd/rescind/internal/sandbox ./remediate ./internal/store/bolt

upgrade: ## this tree beside an earlier release on one Firestore: make upgrade FROM=COMMIT
	@test -n "$(FROM)" || { echo "usage: make upgrade FROM=COMMIT" >&2; exit 2; }
	dir=$$(mktemp -d) && trap 'git worktree remove --force "$$dir/tree"; rm -rf "$$dir"' EXIT && \
	git worktree add --quiet --detach "$$dir/tree" $(FROM) && go -C "$$dir/tree" build -o "$$dir/rescind" ./cmd/rescind && \
	RESCIND_EARLIER="$$dir/rescind" go test -v -count=1 -tags soak -run UpgradeFrom ./cmd/rescind

explore: ## every story of a finding, deeper; then each mutant of the table and the guards
	RESCIND_EXPLORE=deep go test -v -count=1 -timeout 60m -run EveryStory ./remediate/explore
	go test -v -count=1 -timeout 120m -tags mutants -run EveryMutant ./remediate/explore

demo: ## the whole loop on this machine, with a page to watch
	go run ./cmd/rescind demo

ci: ## everything that must hold before a change lands
	.ci/run
