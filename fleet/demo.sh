#!/usr/bin/env bash
# Enqueues 1,000 ids of the fake API in a SQLite file, kills the worker with
# SIGKILL while it waits, starts it again, and checks that every result is there.
# Run it by "make fleet-demo".
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.bin
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
say() { printf '\n$ %s\n' "$*"; }

say "deepotasks serve --duration uniform:0s-6s &"
"$bin/deepotasks" serve --duration uniform:0s-6s >"$dir/env" 2>/dev/null &
until [ "$(wc -l <"$dir/env")" -ge 2 ]; do sleep 0.05; done
cat "$dir/env"
# shellcheck disable=SC1091
source "$dir/env"
export DEEPOTASKS_DATABASE=$dir/demo.db

say "seq 1000 | deepotasks-fleet enqueue -"
seq 1000 | "$bin/deepotasks-fleet" enqueue -

say "deepotasks-fleet work &"
"$bin/deepotasks-fleet" work &
worker=$!
sleep 3
say "kill -9 $worker; deepotasks-fleet status"
kill -9 "$worker"
wait "$worker" 2>/dev/null || true
"$bin/deepotasks-fleet" status

say "deepotasks-fleet work --until-empty    # it has the ids when the dead worker was not seen for 10 s"
"$bin/deepotasks-fleet" work --until-empty 2>&1 | tail -n 3

say "deepotasks-fleet status --json"
"$bin/deepotasks-fleet" status --json

say "deepotasks-fleet results | tail -n 1"
"$bin/deepotasks-fleet" results >"$dir/results"
tail -n 1 "$dir/results"
lines=$(wc -l <"$dir/results")
ids=$(grep -o '^{"id":"[0-9]*"' "$dir/results" | sort -u | wc -l)
echo
echo "$lines results of $ids ids"
[ "$lines" -eq 1000 ] && [ "$ids" -eq 1000 ]
