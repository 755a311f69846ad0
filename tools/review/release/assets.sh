#!/usr/bin/env bash
# Makes what a release has beside its programs, in .release/pack: completions,
# manual pages, the reference of the API, what has changed in the contract
# since the version before, and the release's notes. Called by make, in the root.
set -euo pipefail
# assets.sh [VERSION]: without one, the notes are of what is not released yet.
version=${1:-}
pack=.release/pack
rm -rf "$pack"
mkdir -p "$pack/completions" "$pack/man"

go build -o .bin/deepotasks ./cmd/deepotasks
go build -C fleet -o ../.bin/deepotasks-fleet ./cmd/deepotasks-fleet
for program in deepotasks deepotasks-fleet; do
	".bin/$program" completion bash >"$pack/completions/$program.bash"
	".bin/$program" completion zsh >"$pack/completions/_$program"
	".bin/$program" completion fish >"$pack/completions/$program.fish"
	".bin/$program" completion powershell >"$pack/completions/$program.ps1"
	".bin/$program" man >"$pack/man/$program.1"
done

go build -C tools/review -o ../../.bin/review .
.bin/review -reference "$pack/reference.html"
chmod +r "$pack/reference.html"
before=$(git describe --tags --abbrev=0 --match 'v[0-9]*' --exclude "${version:-none}" 2>/dev/null || true)
if [ -z "$before" ]; then
	echo "There is no version before this one that the contract could be compared with." >"$pack/contract-changes.md"
else
	code=0
	.bin/review -base "$before" -redocly=false -out .release/review >"$pack/contract-changes.md" || code=$?
	test "$code" -ne 2 # the other codes say what the review has found, and that is for the readers
fi

# The part of CHANGELOG.md below the version's heading.
part=${version#v}
awk -v heading="## [${part:-Unreleased}]" 'index($0, "## ") == 1 { on = index($0, heading) == 1; next } on' CHANGELOG.md >"$pack/notes.md"
grep -q . "$pack/notes.md" || { echo "CHANGELOG.md has nothing below ## [${part:-Unreleased}]"; exit 1; }
