#!/usr/bin/env python3
"""What ten million rows cost in a shared ledger, and whether planning and sending slow down with that history in place.

    cargo build --release && python3 tests/shared/history.py target/release/arload
    ... --rows 1000000      a smaller history

A small sheet is planned and sent into an empty installation, then ROWS rows are planned into another, then the same small
sheet, with other numbers, goes into that. The history counts as sent, so that its keys are held for good. A private
PostgreSQL with fsync on; a sandbox that stores nothing.
"""

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path

from place import Database, Sandbox, environment, run, sheet

SMALL = 20_000
CHUNK = 500
TIMES = 3


def megabytes(count):
    return f"{count / 1e6:,.0f} MB"


class Watch(threading.Thread):
    """The greatest memory of the server while something runs."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self.database, self.most, self.ended = database, 0, threading.Event()

    def run(self):
        while not self.ended.wait(0.5):
            self.most = max(self.most, self.database.memory())


def small(arload, folder, env, first):
    """Seconds to plan and to send a small sheet, medians of several."""
    plans, sends = [], []
    for number in range(TIMES):
        path = folder / f"small-{first}-{number}.csv"
        sheet(path, SMALL, first + number * SMALL)
        command = [arload, "invoices", "create", str(path), "--max-chunk-rows", str(CHUNK), "--first-use"]
        plans.append(run([*command, "--plan"], env, folder)[0])
        sends.append(run(command, env, folder)[0])
    return statistics.median(plans), statistics.median(sends)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arload")
    parser.add_argument("--rows", type=int, default=10_000_000)
    given = parser.parse_args()
    arload = str(Path(given.arload).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = Database(folder, "max_wal_size = '4GB'\n")
        sandbox = Sandbox(arload, folder)
        try:
            measure(arload, folder, database, sandbox, given.rows)
        finally:
            sandbox.stop()
            database.stop()


def measure(arload, folder, database, sandbox, rows):
    empty = environment(folder, database.place("empty"), sandbox)
    run([arload, "ledger", "init"], empty, folder)
    before = small(arload, folder, empty, 90_000_000)
    full = environment(folder, database.place("history"), sandbox)
    run([arload, "ledger", "init"], full, folder)
    path = folder / "history.csv"
    sheet(path, rows)
    bytes_before = int(database.ask("SELECT pg_database_size('arload')"))
    watch = Watch(database)
    watch.start()
    plan = [arload, "invoices", "create", str(path), "--max-chunk-rows", "10000", "--first-use", "--plan"]
    took, memory = run(plan, full, folder)
    watch.ended.set()
    watch.join()
    bytes_after = int(database.ask("SELECT pg_database_size('arload')"))
    print(f"| planned {rows:,} rows | {took:.0f} s, {rows / took:,.0f} rows/s |", flush=True)
    print(f"| size of the sheet | {megabytes(path.stat().st_size)} |")
    stored = bytes_after - bytes_before
    print(f"| size on disk | {megabytes(stored)}, {stored / rows:.0f} bytes a row |")
    print(f"| memory of arload | {megabytes(memory)} |")
    print(f"| memory of the server | {megabytes(watch.most)} |", flush=True)
    database.ask("VACUUM ANALYZE")
    start = time.monotonic()
    run([arload, "runs", "send", "1", "--concurrency", "4", "--results", str(folder)], full, folder)
    print(f"| sent it in | {time.monotonic() - start:.0f} s |", flush=True)
    after = small(arload, folder, full, 90_000_000)
    for words, was, now in zip((f"plan {SMALL:,} rows", f"send {SMALL:,} rows"), before, after):
        print(f"| {words}, empty and with that history | {was:.2f} s, {now:.2f} s |", flush=True)


if __name__ == "__main__":
    main()
