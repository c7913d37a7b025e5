#!/usr/bin/env bash
# Measures Mocha beside its peers and writes docs/BENCHMARKS.md: about 20 minutes and 4 GB of disk, on a quiet machine.
#
#   benches/peers/run.sh                  all sizes, and the real data if it is there (`MOCHA_DATA` says where)
#   benches/peers/run.sh 20000 real:20000 these sizes only; the document goes to target/tmp/peers instead
#
# It needs cargo, npm and python3, and gets Bun and DuckDB from their registries, into target/tmp/peers.
set -euo pipefail
cd "$(dirname "$0")/../.."
work="${CARGO_TARGET_DIR:-target}/tmp/peers"
mkdir -p "$work"
work="$(cd "$work" && pwd)"

cargo build --release --locked -p mocha-benches --example peers

cp -r benches/peers/original benches/peers/duckdb "$work"
(cd "$work/original" && npm install --no-audit --no-fund --no-package-lock --loglevel error)
[ -x "$work/duckdb/venv/bin/python" ] || python3 -m venv "$work/duckdb/venv"
"$work/duckdb/venv/bin/pip" install --quiet --disable-pip-version-check -r "$work/duckdb/requirements.txt"

if [ $# -eq 0 ]; then
    mkdir -p docs
    document=docs/BENCHMARKS.md
    set -- 100_000 1_000_000 5_000_000 real
else
    document="$work/BENCHMARKS.md"
fi
cargo run --release --locked --quiet -p mocha-benches --example peers -- "$work" "$document" "$@"
echo "written: $document"
