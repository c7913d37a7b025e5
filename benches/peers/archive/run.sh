#!/usr/bin/env bash
# Compares the leaderboards of a store with those that other engines read from its archive, and the size of an archive with
# that of DuckDB's own file.
#
#   benches/peers/archive/run.sh          the real messages if they are there (`MOCHA_DATA`), or simulated ones
#   benches/peers/archive/run.sh FILE     a store's file
#   SPARK=1 benches/peers/archive/run.sh  Spark too, which needs Java 17
#
# It needs cargo and python3, and gets DuckDB and Spark from their registry, into target/tmp/archive.
set -euo pipefail
cd "$(dirname "$0")/../../.."
work="${CARGO_TARGET_DIR:-target}/tmp/archive"
mkdir -p "$work"
work="$(cd "$work" && pwd)"
python="$work/venv/bin/python"
[ -x "$python" ] || python3 -m venv "$work/venv"
"$python" -m pip install --quiet --disable-pip-version-check -r benches/peers/archive/requirements.txt
[ -z "${SPARK:-}" ] || "$python" -m pip install --quiet --disable-pip-version-check pyspark

rm -rf "$work/archive"
# The profile of benches, so that the measurement below builds nothing twice.
cargo run --profile bench --locked --quiet -p mocha-benches --example archived -- "${1:--}" "$work" --bench |
    LC_ALL=C sort > "$work/mocha.csv"
for engine in duckdb ${SPARK:+spark}; do
    "$python" "benches/peers/archive/${engine}_board.py" "$work/archive" | LC_ALL=C sort > "$work/$engine.csv"
    cmp "$work/mocha.csv" "$work/$engine.csv"
    echo "$engine: the same $(wc -l < "$work/mocha.csv") places"
done

rm -rf "$work/sizes"
MOCHA_ARCHIVE="$work/sizes" cargo bench --locked --quiet -p mocha-benches --bench archive
for messages in "$work"/sizes/*; do
    echo "$(basename "$messages") messages"
    "$python" benches/peers/archive/duckdb_size.py "$messages" "$work/messages.duckdb"
done
