#!/usr/bin/env python3
"""Counts the instructions of the hot loops under callgrind and says what moved since the stored baseline.

Instructions are the same from run to run where times are not, so they show a change of 1 % on a busy machine. They are
not time: a change is judged by `arload bench`, and found here.

    benches/instructions.py             compare with benches/baseline.toml; ends with 1 if something moved by over 2 %
    benches/instructions.py --update    store the counts as the new baseline
    benches/instructions.py --rows N    other rows than the baseline's 10,000; only shown

Needs valgrind, and Python 3.11 or later. The counts of another compiler or processor family are not comparable; the
baseline names its own, and a difference there is said.
"""

import argparse
import platform
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benches" / "baseline.toml"
ROWS = 10_000
# Beyond this a count has moved.
MOVED = 0.02
# Each loop with what it is compared with. Workbooks are decoded on a thread of their own, which counting from one
# function to its end would miss, so these two are counted from the start of the program.
LOOPS = {
    "csv-crate": None,
    "read-csv": "csv-crate",
    "check": "csv-crate",
    "dedupe": "csv-crate",
    "calamine": None,
    "read-xlsx": "calamine",
}
WHOLE = {"calamine", "read-xlsx"}


def build():
    """Builds the loops and gives back the program."""
    command = ["cargo", "bench", "--locked", "--bench", "hot", "--no-run", "--message-format=short"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.search(r"\(([^()]*hot-[0-9a-f]+[^()]*)\)", built.stderr)
    if built.returncode or not found:
        sys.exit(f"instructions: cargo bench did not build the loops:\n{built.stderr}")
    return ROOT / found.group(1)


def count(program, name, folder, rows):
    """Instructions per row of one loop."""
    out = Path(folder) / f"callgrind.{name}"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
    if name not in WHOLE:
        command += ["--collect-atstart=no", "--toggle-collect=*hot_loop*"]
    done = subprocess.run([*command, program, name, folder], capture_output=True, text=True, check=False)
    if done.returncode or done.stdout.strip() != str(rows):
        sys.exit(f"instructions: {name} did not end well under callgrind:\n{done.stdout}{done.stderr}")
    total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(errors="replace"), re.MULTILINE)
    if not total or int(total.group(1)) == 0:
        sys.exit(f"instructions: {name} counted nothing; was hot_loop inlined?")
    return int(total.group(1)) / rows


def compiler():
    version = subprocess.run(["rustc", "--version"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return f"{version.strip()} on {platform.machine()}"


def show(counts, before):
    """Prints a line for each loop and gives back those that moved."""
    moved = []
    print(f"{'loop':<12}{'per row':>12}{'baseline':>12}{'change':>9}  compared")
    for name, per_row in counts.items():
        old = before.get(name)
        change = per_row / old - 1 if old else None
        against = LOOPS[name]
        ratio = f"{per_row / counts[against]:.2f} x {against}" if against else ""
        shown_old = f"{old:,.0f}" if old else "-"
        shown_change = f"{change:+.1%}" if change is not None else "-"
        print(f"{name:<12}{per_row:>12,.0f}{shown_old:>12}{shown_change:>9}  {ratio}".rstrip())
        if change is not None and abs(change) > MOVED:
            moved.append(f"{name} takes {abs(change):.1%} {'more' if change > 0 else 'fewer'} instructions a row")
    return moved


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--update", action="store_true", help="store the counts as the new baseline")
    arguments.add_argument("--rows", type=int, default=ROWS, help="rows of the sheets")
    given = arguments.parse_args()
    if given.update and given.rows != ROWS:
        sys.exit("instructions: the baseline has its own number of rows; leave --rows out with --update")
    program = build()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "write", folder, str(given.rows)], check=True)
        counts = {name: count(program, name, folder, given.rows) for name in LOOPS}
    stored = tomllib.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    comparable = given.rows == ROWS
    moved = show(counts, stored.get("per-row", {}) if comparable else {})
    if given.update:
        lines = [
            "# Instructions a row of the hot loops; written by benches/instructions.py --update.",
            f'compiler = "{compiler()}"',
            f"rows = {ROWS}",
            "",
            "[per-row]",
            *(f"{name} = {per_row:.1f}" for name, per_row in counts.items()),
        ]
        BASELINE.write_text("\n".join(lines) + "\n")
        print(f"stored in {BASELINE.relative_to(ROOT)}")
        return
    if stored.get("compiler") not in (None, compiler()):
        print(f"note: the baseline was counted with {stored['compiler']}, this is {compiler()}")
    for line in moved:
        print(f"moved: {line}")
    sys.exit(1 if moved and comparable else 0)


if __name__ == "__main__":
    main()
