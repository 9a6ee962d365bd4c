#!/usr/bin/env python3
"""Looks at report pages in a real browser.

    python3 tests/report/check.py target/debug/arload

Makes runs of every kind against `arload sandbox`, opens their pages in headless Chromium (Debian's package `chromium`, or
--browser) in light and dark, at the width of a desk and of a phone, prints them, and lets axe judge each. puppeteer-core and
axe-core are installed below --tools when they are not there (Node 20 or newer). Pictures are kept below --out, to be looked
at by a person. Exit code 0: no serious finding, nothing fetched, no page too wide, on two sheets of paper at most, below 300 kB.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent.parent / "samples"
PACKAGES = ["puppeteer-core@25.16.0", "axe-core@4.14.1"]
# Limit: of the page of a million rows.
BYTES = 300_000
# Limit: of what a person prints.
SHEETS = 2
# A server in bad weather, so that pages have something to show.
WEATHER = """
rate = 6
burst = 6
latency-ms = 60
jitter-ms = 900
seed = 7
[replies]
refuse-rows = "{refuse}"
[faults]
schedule = [{schedule}]
"""


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("arload")
    words.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    words.add_argument("--tools", type=Path, default=Path("target/report-tools"))
    words.add_argument("--out", type=Path, default=Path("target/report-pictures"))
    words.add_argument("--rows", type=int, default=20_000, help="rows of the largest run; a million before a release")
    given = words.parse_args()
    if not given.browser:
        sys.exit("no browser: install Debian's package chromium, or name one with --browser")
    install(given.tools)
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pages = make(Path(given.arload).resolve(), Path(folder), given.rows)
        for page in pages:
            shutil.copy(page, given.out / page.name)
        command = ["node", HERE / "look.mjs", given.browser, given.tools, given.out, *pages]
        told = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    bad = [problem for line in told.splitlines() for problem in judge(json.loads(line))]
    print("\n".join(bad) if bad else f"nothing found; pictures in {given.out}")
    return 1 if bad else 0


def install(tools):
    if (tools / "node_modules" / "axe-core").is_dir() and (tools / "node_modules" / "puppeteer-core").is_dir():
        return
    tools.mkdir(parents=True, exist_ok=True)
    npm = ["npm", "install", "--no-fund", "--no-audit", "--ignore-scripts", *PACKAGES]
    subprocess.run(npm, cwd=tools, check=True, stdout=subprocess.DEVNULL)


def judge(said):
    """What is wrong with a page, a line each; says what it is like besides."""
    serious = [one for one in said["findings"] if one["impact"] in ("serious", "critical")]
    print(
        f"{said['page']}: {said['bytes']} bytes, {len(said['findings'])} findings of axe ({len(serious)} serious), "
        f"{said['printed']} printed pages, {len(said['requests'])} requests, focus seen at {said['keyboard']} stops"
    )
    for one in said["findings"]:
        print(f"  {one['look']}: {one['rule']} ({one['impact']}) at {one['count']}: {'; '.join(one['where'])}")
    name = said["page"]
    yield from (f"{name}: {one['look']}: {one['rule']}" for one in serious)
    yield from (f"{name}: {wide}" for wide in said["wide"])
    yield from (f"{name}: asked for {url}" for url in said["requests"])
    yield from (f"{name}: the browser said: {line}" for line in said["log"])
    if said["printed"] > SHEETS:
        yield f"{name}: {said['printed']} printed pages"
    if said["bytes"] > BYTES:
        yield f"{name}: {said['bytes']} bytes"


def make(arload, folder, rows):
    """The pages of runs of every kind."""

    def run(home, *arguments, variables=None):
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home), **(variables or {})}
        home.mkdir(exist_ok=True)
        return subprocess.run([arload, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)

    def sheet(name, of):
        shutil.copy(SAMPLES / of, folder / name)
        return folder / name

    home = folder / "home"
    quick = ["--sandbox", "--rate", "200/s"]
    run(home, "invoices", "create", sheet("complete.csv", "invoices.csv"), *quick)
    run(home, "invoices", "create", sheet("closed.csv", "invoices-broken.csv"), *quick)
    run(home, "invoices", "create", sheet("workbook.xlsx", "invoices.xlsx"), "--plan", *quick)
    broken = sheet("needs-work.csv", "invoices-broken.csv")
    run(home, "invoices", "create", broken, "--max-invalid", "100%", "--max-chunk-rows", "2", *quick)
    run(home, "customers", "create", sheet("customers.xlsx", "customers.xlsx"), *quick)

    for name, schedule, refuse in [
        ("weather", '{ request = 9, fault = "reply-lost" }, { request = 30, fault = "error-before-storing" }', "none"),
        ("refused", "", "some"),
    ]:
        settings = folder / f"{name}.toml"
        settings.write_text(WEATHER.format(schedule=schedule, refuse=refuse))
        generated = folder / f"{name}.csv"
        run(home, "bench", "generate", "--rows", 2000, "--seed", 3, "--bad", "2%", "--output", generated)
        with served(arload, settings, home) as variables:
            pace = ["--rate", "9/s", "--max-chunk-rows", "25", "--concurrency", "8", "--max-invalid", "100%", "--first-use"]
            run(folder / f"home-{name}", "invoices", "create", generated, *pace, variables=variables)
    generated = folder / "large.csv"
    run(home, "bench", "generate", "--rows", rows, "--bad", "1%", "--output", generated)
    large = ["--max-invalid", "100%", "--rate", "1000/s", "--canary", "0", "--first-use", "--sandbox"]
    run(folder / "home-large", "invoices", "create", generated, *large)
    pages = sorted(folder.glob("*.report.html"))
    missing = {sheet.stem for sheet in folder.glob("*.csv") if ".results" not in sheet.name} - {page.name.split(".")[0] for page in pages}
    if missing:
        sys.exit(f"no page of {', '.join(sorted(missing))}")
    return pages


@contextlib.contextmanager
def served(arload, settings, home):
    """`arload sandbox` with these settings; hands out the variables to use it with."""
    command = [arload, "sandbox", "--listen", "127.0.0.1:0", "--settings", str(settings)]
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    variables = {}
    try:
        for line in process.stdout:
            if line.startswith("  export "):
                name, value = line.removeprefix("  export ").strip().split("=", 1)
                variables[name] = value
            if line.startswith("what it stored"):
                break
        yield variables
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
