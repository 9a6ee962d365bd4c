"""A private PostgreSQL server and a sandbox for measurements of the shared ledger."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Who runs the server where the scripts are run by root, whom it refuses.
UNPRIVILEGED = ["postgres", "nobody"]
CREDENTIALS = {
    "ARLOAD_COMPANY_ID": "CEK0SANDBX",
    "ARLOAD_CLIENT_ID": "CEK0SANDBX",
    "ARLOAD_CLIENT_SECRET": "sandbox-client",
    "ARLOAD_USERNAME": "demo@sandbox.example",
    "ARLOAD_PASSWORD": "sandbox-user",
}


def programs():
    """The folder of PostgreSQL's programs."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    sys.exit("PostgreSQL's programs (initdb, postgres) are not installed")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def user_exists(name):
    return subprocess.run(["id", "-u", name], capture_output=True, check=False).returncode == 0


class Database:
    """A server with fsync on, in a folder of its own."""

    def __init__(self, folder, settings=""):
        self.folder = Path(folder) / "database"
        self.folder.mkdir()
        self.bin = programs()
        self.user = None
        if os.getuid() == 0:
            self.user = next(filter(user_exists, UNPRIVILEGED))
            shutil.chown(self.folder, self.user)
            os.chmod(folder, 0o755)
        self.data = self.folder / "data"
        self.port = free_port()
        self.run("initdb", "-U", "arload", "-A", "trust", "-E", "UTF8", "--no-locale")
        own = f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
        (self.data / "postgresql.auto.conf").write_text(own + "max_connections = 200\n" + settings)
        self.log = open(self.folder / "log", "ab")
        command = self.command("postgres")
        self.server = subprocess.Popen(command, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        while self.ask("SELECT 1", "postgres", False) != "1":
            if self.server.poll() is not None:
                sys.exit((self.folder / "log").read_text())
            time.sleep(0.05)
        self.ask("CREATE DATABASE arload", "postgres")

    def command(self, program, *arguments):
        command = [str(self.bin / program), "-D", str(self.data), *arguments]
        if self.user:
            command = ["setpriv", f"--reuid={self.user}", "--regid=nogroup", "--clear-groups", *command]
        return command

    def run(self, program, *arguments):
        done = subprocess.run(self.command(program, *arguments), capture_output=True, text=True, cwd=self.folder, check=False)
        if done.returncode:
            sys.exit(f"{program}: {done.stderr}")

    def ask(self, sql, database="arload", must=True):
        """The one value that a statement gives."""
        place = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "arload", "-d", database]
        command = [str(self.bin / "psql"), *place, "-X", "-A", "-t", "-q", "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode and must:
            sys.exit(f"psql: {sql}: {done.stderr}")
        return done.stdout.strip()

    def place(self, schema):
        return f"postgres://arload@127.0.0.1:{self.port}/arload?schema={schema}"

    def memory(self):
        """Bytes that the server's processes have to themselves and their share of what they have together."""
        total = 0
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rsplit(")", 1)[1].split()
                pid = int(status.parent.name)
                if pid == self.server.pid or int(fields[1]) == self.server.pid:
                    rollup = (status.parent / "smaps_rollup").read_text()
                    total += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)[1]) * 1024
            except (OSError, TypeError):
                continue
        return total

    def stop(self):
        self.server.send_signal(signal.SIGINT)
        self.server.wait(60)


class Sandbox:
    """A sandbox in a process of its own, which stores nothing."""

    def __init__(self, arload, folder, settings="store-nothing = true\n"):
        path = Path(folder) / "sandbox.toml"
        path.write_text(settings)
        port = free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        command = [arload, "sandbox", "--listen", f"127.0.0.1:{port}", "--settings", str(path)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=home(folder))
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        sys.exit("the sandbox does not listen")

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def home(folder):
    """An environment with nothing of the caller's but the way to programs."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}


def environment(folder, place, sandbox):
    return {
        **home(folder),
        **CREDENTIALS,
        "ARLOAD_BASE_URL": sandbox.base_url,
        "ARLOAD_LEDGER": place,
        "ARLOAD_RATE": "10000/s",
        "ARLOAD_CANARY": "0",
        "ARLOAD_SETTLE": "0s",
        "ARLOAD_TIMEOUT": "15s",
    }


def run(command, env, folder):
    """Runs a command to its end; its time in seconds and its greatest memory in bytes."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - start
        if os.waitstatus_to_exitcode(status):
            said.seek(0)
            sys.exit(f"{' '.join(command)}\n{said.read().decode()}")
    return took, usage.ru_maxrss * 1024


def sheet(path, rows, first=1):
    """A clean sheet of invoices, numbered from `first`."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("Invoice Number,Customer Id,Invoice Date,Due Date,Taxable Value,IGST,Invoice Total\n")
        for row in range(first, first + rows):
            base = 1_000 + row % 1_000_000
            igst, total = base * 18, base * 118
            out.write(
                f"T/{row:08},KC0123456789AB{row % 90 + 10:02},{row % 28 + 1:02}/07/2026,25/08/2026,{base}.00,"
                f"{igst // 100}.{igst % 100:02},{total // 100}.{total % 100:02}\n"
            )
