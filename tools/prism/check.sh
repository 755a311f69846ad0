#!/usr/bin/env bash
# Puts Prism, another vendor's validating proxy, between deepotasks and its fake
# API, and then asks Prism's mock of openapi.yaml. Prism refuses what breaks the
# contract, from either side, so that the exit codes tell.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v npx >/dev/null || { echo "make prism needs npx, which comes with Node"; exit 1; }
prism=@stoplight/prism-cli@5.16.0
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT

go build -o .bin/deepotasks ./cmd/deepotasks
tasks=$PWD/.bin/deepotasks
# Prism knows paths only below the host: the version moves from the server to the paths.
"$tasks" spec | sed 's#^  /tasks#  /v0.7/tasks#; s#api.deepomatic.com/v0.7$#api.deepomatic.com#' >"$dir/openapi.yaml"

"$tasks" serve --duration exp:300ms --failing 0.2 >"$dir/serve" 2>/dev/null &
until grep -qs KEY "$dir/serve"; do sleep 0.1; done
eval "$(cat "$dir/serve")"
proxy=$((20000 + RANDOM % 10000)) mock=$((30000 + RANDOM % 10000))
npx --yes "$prism" proxy "$dir/openapi.yaml" "$DEEPOMATIC_API_URL" --errors -p $proxy >"$dir/proxy" 2>&1 &
npx --yes "$prism" mock "$dir/openapi.yaml" -p $mock >"$dir/mock" 2>&1 &
for log in proxy mock; do
	for _ in {1..600}; do grep -q "is listening" "$dir/$log" && continue 2; sleep 0.2; done
	cat "$dir/$log"; exit 1
done

# exits CODE COMMAND… fails unless the command ends so.
exits() {
	local want=$1 code=0; shift
	"$tasks" "$@" >"$dir/out" 2>&1 || code=$?
	echo "exit $code  deepotasks $*"
	test $code = "$want" || { cat "$dir/out"; exit 1; }
}

export DEEPOMATIC_API_URL=http://127.0.0.1:$proxy
exits 0 get 269999730 5
exits 0 get --json 269999730
exits 0 list 269999730 5 6
seq 1 300 >"$dir/ids"
exits 2 wait --from "$dir/ids" --out "$dir/results.jsonl"
exits 0 record 269999730 7 --out "$dir/record.txtar"
exits 0 verify "$dir/record.txtar"
DEEPOMATIC_API_KEY=wrong exits 5 get 1
if grep -i violation "$dir/proxy"; then exit 1; fi

export DEEPOMATIC_API_URL=http://127.0.0.1:$mock
exits 0 get 269999729
exits 0 list 269999729 269999730
exits 0 wait 269999729 269999730
echo "no violation, and the mock is waited for"
