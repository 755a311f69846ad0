#!/usr/bin/env bash
# Puts Prism, another vendor's validating proxy, between deepotasks and its fake
# API, and then asks Prism's mock of openapi.yaml. Prism refuses what breaks the
# contract, from either side, so that the exit codes tell; that it does is seen
# first, with a fake and a request that break it.
set -euo pipefail
cd "$(dirname "$0")/../../.."
command -v npx >/dev/null || { echo "make prism needs npx, which comes with Node"; exit 1; }
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
# Not run by npx itself, which leaves it behind when it is killed.
prism=$(npx --yes --package=@stoplight/prism-cli@5.16.0 -- which prism)

go build -o .bin/deepotasks ./cmd/deepotasks
tasks=$PWD/.bin/deepotasks
# Prism knows paths only below the host: the version moves from the server to
# the paths. And it checks no body at all, in silence, if a schema has nullable
# without a type, as subtasks has, which may be anything.
"$tasks" spec | sed 's#^  /tasks#  /v0.7/tasks#; s#api.deepomatic.com/v0.7$#api.deepomatic.com#; /nullable: true # null in every sample/d' >"$dir/openapi.yaml"

# serve NAME FLAG… starts a fake API.
serve() {
	"$tasks" serve "${@:2}" >"$dir/$1" 2>/dev/null &
	until grep -qs KEY "$dir/$1"; do sleep 0.1; done
	eval "$(cat "$dir/$1")"
}

# prism NAME PORT ARGUMENT… starts a Prism and points deepotasks to it.
prism() {
	"$prism" "${@:3}" -p "$2" >"$dir/$1" 2>&1 &
	for _ in {1..600}; do
		if grep -qs "is listening" "$dir/$1"; then export DEEPOMATIC_API_URL=http://127.0.0.1:$2; return; fi
		sleep 0.2
	done
	cat "$dir/$1"; exit 1
}

# exits CODE COMMAND… fails unless the command ends so.
exits() {
	local want=$1 code=0; shift
	"$tasks" "$@" >"$dir/out" 2>&1 || code=$?
	echo "exit $code  deepotasks $*"
	test $code = "$want" || { cat "$dir/out"; exit 1; }
}

# seen TEXT LOG fails unless Prism's log has the text.
seen() { grep -q "$1" "$dir/$2" || { cat "$dir/$2"; echo "Prism saw no $1"; exit 1; }; }

port=$((20000 + RANDOM % 10000))
serve broken --chance 1 --fault unknown-status
prism caught $port proxy "$dir/openapi.yaml" "$DEEPOMATIC_API_URL" --errors
exits 1 get 1
exits 1 list 1 2
seen VIOLATIONS caught
node -e 'fetch(process.argv[1], {headers: {"X-API-KEY": "k"}}).then(r => process.exit(r.status == 422 ? 0 : 1))' "$DEEPOMATIC_API_URL/v0.7/tasks?limit=1" ||
	{ echo "Prism let a list without ids pass"; exit 1; }

recordings=()
for name in get-outage server-error-html uri-too-long two-pages not-found empty-list; do
	recordings+=(--recordings "contract_test/testdata/$name.txtar")
done
serve fake --duration exp:300ms --failing 0.2 --chance 0.2 --fault 429-seconds,429-date,500-html,503-json "${recordings[@]}"
prism proxy $((port + 1)) proxy "$dir/openapi.yaml" "$DEEPOMATIC_API_URL" --errors
exits 0 get 269999729
exits 0 wait 269999729
exits 0 get --json 269999730 5
exits 4 get 404
exits 0 list 269999729 269999730
exits 0 list --json 269999729 269999730
seen "offset=1" proxy
exits 4 list 404 405
exits 0 list 269999730 5 6
seq 1 300 >"$dir/ids"
exits 2 wait --from "$dir/ids" --out "$dir/results.jsonl"
for status in 404 414 429 500 502 503; do seen "has returned $status" proxy; done
exits 0 record 269999730 7 --out "$dir/record.txtar"
exits 0 verify "$dir/record.txtar"
DEEPOMATIC_API_KEY=wrong exits 5 get 1
if grep -i -e violation -e "terminated with error" "$dir/proxy"; then exit 1; fi

prism mock $((port + 2)) mock "$dir/openapi.yaml"
exits 0 get 269999729
exits 0 list 269999729 269999730
exits 0 wait 269999729 269999730
if grep -i -e violation -e "terminated with error" "$dir/mock"; then exit 1; fi
echo "no violation of $(grep -c Forwarding "$dir/proxy") requests, and the mock is waited for"
