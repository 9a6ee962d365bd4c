"""Runs arload over every hostile sheet of `make.py` and fails if one costs too much, or is answered in a wrong way.

    cargo build --release && python3 tests/hostile/check.py target/release/arload [WORD]

Only kinds with WORD in their names, if given. One line a file; the numbers are the worst of all its runs.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
import make

SECONDS = 5.0
MEMORY_MIB = 256
RUNS = {
    "inspect": ["inspect"],
    "as": ["inspect", "--as", "invoices create"],
    "emit": ["inspect", "--emit", "csv"],
    "dry-run": ["invoices", "create", "--dry-run"],
}


def resident(pid):
    """MiB that a process and its children hold, and the ids of the children."""
    pids = [pid]
    try:
        pids += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for task in os.listdir(f"/proc/{pid}/task"):
            pids += [int(child) for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    except OSError:
        pass
    total = 0
    for each in set(pids):
        try:
            status = Path(f"/proc/{each}/status").read_text()
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("RssAnon:") or line.startswith("RssShmem:"):
                total += int(line.split()[1])
    return total / 1024


def run(program, arguments, path, home):
    out, errors = open(home / "out", "wb+"), open(home / "errors", "wb+")
    begun = time.monotonic()
    command = [program, *arguments]
    if "--dry-run" in arguments:
        command += ["--results", str(home / "results"), "--state", str(home / "state")]
    child = subprocess.Popen([*command, str(path)], stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                             env={"HOME": str(home), "PATH": os.environ["PATH"]})
    peak, ended = 0.0, 0
    while not ended:
        peak = max(peak, resident(child.pid))
        # `Popen.kill` would ask for the child's end itself, and take it from us. Computing is judged, not waiting.
        if time.monotonic() - begun > 300:
            os.kill(child.pid, signal.SIGKILL)
        ended, status, usage = os.wait4(child.pid, os.WNOHANG)
        time.sleep(0.004)
    child.returncode = 0
    errors.seek(0)
    said = errors.read(100_000).decode("utf-8", "replace")
    out.seek(0)
    shown = out.read(2_000).decode("utf-8", "replace")
    # The peak of the larger process is exact; that of the sum is sampled.
    return (os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, time.monotonic() - begun,
            max(peak, usage.ru_maxrss / 1024), said, shown)


def main():
    program = os.path.abspath(sys.argv[1])
    words = sys.argv[2:]
    names = [name for name in make.KINDS if not words or any(word in name for word in words)]
    failures = 0
    print(f"{'file':42} {'KiB':>5} {'run':8} {'exit':>4} {'CPU s':>6} {'wall':>6} {'MiB':>5}  said")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            path = home / name
            # Made in a process of its own, so that its memory is not counted as that of the child to come.
            subprocess.run([sys.executable, "-B", "-c", f"import make; open({str(path)!r}, 'wb').write(make.KINDS[{name!r}][0]())"],
                           cwd=Path(__file__).parent, check=True)
            size = path.stat().st_size
            if size > make.MIB:
                print(f"{name:42} {size >> 10:5} is too large to count")
                continue
            for label, arguments in RUNS.items():
                code, cpu, wall, peak, said, shown = run(program, arguments, path, home)
                wrong = [word for word, holds in [
                    ("SLOW", cpu > SECONDS), ("MEMORY", peak > MEMORY_MIB), ("EXIT", code not in (0, 1, 2)),
                    ("PANIC", "panicked" in said), ("SILENT", code != 0 and not said.strip()),
                ] if holds]
                failures += bool(wrong)
                line = " | ".join(said.split("\n"))[:150] or " | ".join(shown.split("\n"))[:80]
                print(f"{name:42} {size >> 10:5} {label:8} {code:4} {cpu:6.2f} {wall:6.2f} {peak:5.0f} {' '.join(wrong)} {line}", flush=True)
    print(f"{failures} failures" if failures else "all within bounds")
    sys.exit(failures > 0)


main()
