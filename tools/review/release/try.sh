#!/usr/bin/env bash
# Unpacks the archive of .release/dist that is for this machine, as a stranger
# would, and runs what is in it. Called by make, in the root.
set -euo pipefail
shopt -s nullglob
archives=(.release/dist/deepotasks_*_"$(go env GOOS)_$(go env GOARCH)".{tar.gz,zip})
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case ${archives[0]} in
*.zip) unzip -q "${archives[0]}" -d "$work" ;;
*) tar -xzf "${archives[0]}" -C "$work" ;;
esac

for file in LICENSE CHANGELOG.md man/deepotasks{,-fleet}.1 completions/{deepotasks{,-fleet}.{bash,fish,ps1},_deepotasks{,-fleet}}; do
	test -s "$work/$file" || { echo "${archives[0]} has no $file"; exit 1; }
done
"$work/deepotasks" version
"$work/deepotasks-fleet" version
code=0
"$work/deepotasks" wait --demo || code=$?
test $code -eq 4 || { echo "wait --demo ended with exit code $code, and not with 4: one task failed and one id is unknown, as the demo has it"; exit 1; }

(cd .release/dist && sha256sum --quiet --check --ignore-missing checksums.txt)
for document in .release/dist/*.sbom.json; do
	grep -q '"bomFormat": "CycloneDX"' "$document" && grep -q 'pkg:golang/github.com/spf13/cobra@' "$document" || { echo "$document does not name what the program is made of"; exit 1; }
done
echo "${archives[0]##*/} works; $(ls .release/dist/*.{tar.gz,zip} | wc -l) archives and $(ls .release/dist/*.sbom.json | wc -l) lists of what is in the programs were made"
