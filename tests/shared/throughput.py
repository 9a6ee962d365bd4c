#!/usr/bin/env python3
"""How many chunks a second one, two, four and eight workers claim, send and settle in one shared ledger.

    cargo build --release && python3 tests/shared/throughput.py target/release/arload
    ... --workers 8 --chunks 6000     only so many workers, with so many chunks
    ... --concurrency 4               requests under way in each worker

A private PostgreSQL with fsync on, a sandbox that stores nothing, no limit of requests, chunks of two rows. The time is
that from the first attempt to the last reply in the ledger. Ends with 1 where eight workers stay below 300 a second.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from place import Database, Sandbox, environment, run, sheet

ROWS = 2
# Chunks a second that eight workers must reach on two cores.
LEAST = 300


def measured(arload, database, sandbox, folder, workers, chunks, concurrency):
    schema = f"workers_{workers}"
    env = environment(folder, database.place(schema), sandbox)
    path = folder / f"{schema}.csv"
    sheet(path, chunks * ROWS)
    run([arload, "ledger", "init"], env, folder)
    plan = [arload, "invoices", "create", str(path), "--plan", "--max-chunk-rows", str(ROWS), "--first-use"]
    run(plan, env, folder)
    commits = int(database.ask("SELECT xact_commit FROM pg_stat_database WHERE datname = 'arload'"))
    homes = [folder / f"{schema}-{number}" for number in range(workers)]
    started = []
    for home in homes:
        home.mkdir()
        said = open(home / "said", "wb")
        command = [arload, "runs", "send", "1", "--concurrency", str(concurrency), "--results", str(home)]
        own = environment(home, database.place(schema), sandbox)
        started.append(subprocess.Popen(command, env=own, cwd=home, stdin=subprocess.DEVNULL, stdout=said, stderr=said))
    for process, home in zip(started, homes):
        if process.wait():
            sys.exit((home / "said").read_text())
    database.ask("SELECT pg_stat_clear_snapshot()")
    commits = int(database.ask("SELECT xact_commit FROM pg_stat_database WHERE datname = 'arload'")) - commits
    settled = int(database.ask(f"SELECT count(*) FROM {schema}.chunk WHERE state = 'settled'"))
    attempts = int(database.ask(f"SELECT count(*) FROM {schema}.attempt"))
    took = database.ask(
        f"SELECT (max(received_at) - (SELECT min(started_at) FROM {schema}.attempt)) / 1000.0 FROM {schema}.reply"
    )
    shares = database.ask(
        f"SELECT string_agg(n::TEXT, ' ' ORDER BY n DESC) FROM (SELECT count(*) AS n FROM {schema}.attempt"
        " GROUP BY split_part(sender, '/', 1)) AS shares"
    )
    if settled != chunks or attempts != chunks:
        sys.exit(f"{workers} workers: {settled} of {chunks} chunks settled by {attempts} attempts")
    return float(took), commits, shares


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arload")
    parser.add_argument("--workers", type=int, action="append")
    parser.add_argument("--chunks", type=int, default=6_000)
    parser.add_argument("--concurrency", type=int, default=4)
    given = parser.parse_args()
    arload = str(Path(given.arload).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(folder)
        sandbox = Sandbox(arload, folder)
        rates = {}
        try:
            print("| workers | chunks/s | seconds | commits a chunk | chunks of each worker |", flush=True)
            print("|---:|---:|---:|---:|---|", flush=True)
            for workers in given.workers or [1, 2, 4, 8]:
                took, commits, shares = measured(
                    arload, database, sandbox, folder, workers, given.chunks, given.concurrency
                )
                rates[workers] = given.chunks / took
                rate, each = rates[workers], commits / given.chunks
                print(f"| {workers} | {rate:.0f} | {took:.1f} | {each:.1f} | {shares} |", flush=True)
        finally:
            sandbox.stop()
            database.stop()
    sys.exit(1 if rates.get(8, LEAST) < LEAST else 0)


if __name__ == "__main__":
    main()
