#!/usr/bin/env python3
"""Holds a built arload against the contract with two programs of other people.

    python3 tests/contract/check.py target/debug/arload

schemathesis sends made-up requests to `arload sandbox` and judges its answers by openapi.yaml. Prism stands between arload
and the sandbox while every operation runs, and judges both sides. Both are installed below --tools when they are not there
(Python 3.10 or newer and Node 20 or newer are needed). Exit code 0: nothing was found.
"""

import argparse
import base64
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONTRACT = HERE / "openapi.yaml"
SCHEMATHESIS = "schemathesis==4.32.5"
PRISM = "@stoplight/prism-cli@5.14.2"
# The log-in of the YAML's example, so that it succeeds. A made-up one must not lock the account, nor may made-up records
# be refused for their number: neither is in the YAML.
SETTINGS = """
[credentials]
client-id = "CEK4T7M2QA"
client-secret = "sandbox-client"
username = "ar.desk@konkanpolymers.example"
password = "s4mple-Only"
[token]
lock-out = false
refusal-status = 401
[replies]
duplicates = "stored-twice"
"""
# Limit: records that schemathesis may delete while it runs; enough that some are left.
RECORDS = 60


class Sandbox:
    """`arload sandbox` on a free port, with a log-in."""

    def __init__(self, binary, folder, settings):
        file = folder / "sandbox.toml"
        file.write_text(settings)
        command = [binary, "sandbox", "--listen", "127.0.0.1:0", "--settings", str(file)]
        environment = {"HOME": str(folder), "PATH": os.environ.get("PATH", "")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.environment = dict(environment)
        self.url = ""
        for line in self.process.stdout:
            if variable := re.match(r"\s*export (\w+)=(.*)", line):
                self.environment[variable[1]] = variable[2]
            if line.startswith("what it stored"):
                break
        self.url = self.environment["ARLOAD_BASE_URL"]
        self.token = self.log_in()

    def log_in(self):
        form = {"username": self.environment["ARLOAD_USERNAME"], "password": self.environment["ARLOAD_PASSWORD"],
                "grant_type": "password", "clientId": self.environment["ARLOAD_CLIENT_ID"]}
        client = f"{self.environment['ARLOAD_CLIENT_ID']}:{self.environment['ARLOAD_CLIENT_SECRET']}"
        request = urllib.request.Request(f"{self.url}/oauth/token", urllib.parse.urlencode(form).encode())
        request.add_header("Authorization", "Basic " + base64.b64encode(client.encode()).decode())
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)["accessToken"]

    def ask(self, method, path, body=None, base=None):
        """Status and JSON of an answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request((base or self.url) + path, data, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        if data:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def fill(sandbox):
    """Stores customers with reminders, and invoices; gives their ids."""
    known = {"customers": [], "reminders": [], "invoices": []}
    contact = {"name": "Asha", "legalName": "Asha", "mobile": "9876543210", "deleted": False}
    for number in range(RECORDS):
        body = {"legalName": f"Customer {number}", "customerKeyContacts": [contact],
                "customerReminders": [{"reminderType": "ONCE", "reminderTime": "10:30"}]}
        customer = sandbox.ask("POST", "/api/v0/customer", body)[1]["payload"]
        known["customers"].append(customer["customerId"])
        known["reminders"].append([customer["customerId"], customer["customerReminders"][0]["customerReminderId"]])
        body = {"customerId": customer["customerId"], "baseAmount": 100.1, "dueDate": "2026-12-31",
                "invoiceNumber": f"S/{number}"}
        known["invoices"].append(sandbox.ask("POST", "/api/v0/invoice", body)[1]["payload"]["invoiceId"])
    return known


def run_schemathesis(program, sandbox, folder, examples, seed):
    """Whether it found nothing."""
    config = folder / "schemathesis.toml"
    config.write_text(
        '[auth.openapi.clientBasic]\nusername = "CEK4T7M2QA"\npassword = "sandbox-client"\n'
        f'[auth.openapi.bearerAuth]\nbearer = "{sandbox.token}"\n')
    environment = {**os.environ, "ARLOAD_CONTRACT_IDS": json.dumps(fill(sandbox)), "PYTHONPATH": str(HERE),
                   "PYTHONDONTWRITEBYTECODE": "1", "SCHEMATHESIS_HOOKS": "hooks"}
    command = [program, "--config-file", config, "run", CONTRACT, "--url", sandbox.url, "--checks", "all",
               "--max-examples", examples, "--seed", seed, "--continue-on-failure"]
    return subprocess.run([str(word) for word in command], env=environment, cwd=folder).returncode == 0


@contextlib.contextmanager
def prism(program, sandbox, folder):
    """Prism between arload and the sandbox; gives its address and the file of its words."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "prism.log"
    command = [program, "proxy", CONTRACT, sandbox.url, "--errors", "-h", "127.0.0.1", "-p", port]
    with log.open("w") as out:
        process = subprocess.Popen([str(word) for word in command], stdout=out, stderr=out)
    try:
        # Limit: it starts within seconds; a busy machine may need more.
        for _ in range(600):
            if "Prism is listening" in log.read_text():
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", log
    finally:
        process.terminate()
        process.wait()


def run_prism(program, binary, sandbox, folder):
    """Whether every operation ran and Prism found nothing."""
    with prism(program, sandbox, folder) as (url, log):
        failed = [name for name, ended in operations(binary, sandbox, url, folder) if ended != 0]
        requests = sandbox.ask("GET", "/sandbox/state")[1]["requests"]
        # A wrong request and a wrong answer, to see that it would have spoken up.
        spoken = [sandbox.ask("POST", "/api/v0/customer", {"customerKeyContacts": 7}, base=url)]
        sandbox.ask("POST", "/sandbox/settings", {"replies": {"success-status": 201}})
        spoken.append(sandbox.ask("POST", "/api/v0/invoice/search", {}, base=url))
        # Its words may be written a moment after its answers.
        time.sleep(1)
        said = [line for line in log.read_text().splitlines() if re.search(r"terminated with error|violation", line, re.I)]
    violations = len(said) - len(spoken)
    if violations:
        print("\n".join(said))
    reached = sorted(route for route, statuses in requests.items() if route != "unknown" and "200" in statuses)
    print(f"prism: {len(reached)} operations of the contract were called, {violations} violations, "
          f"{len(failed)} failed runs {failed}")
    deaf = [answer for answer in spoken if "stoplight.io/prism/errors" not in str(answer)]
    if deaf:
        print(f"prism: something wrong went through unnoticed, so its silence says nothing: {deaf}")
    return not failed and violations == 0 and not deaf and len(reached) == OPERATIONS


# Operations of the YAML; tests/suite/contract.rs holds the program's table against them.
OPERATIONS = 24


def operations(binary, sandbox, url, folder):
    """Runs each operation on a sheet through Prism; gives its name and exit code."""
    environment = {**sandbox.environment, "ARLOAD_BASE_URL": url, "ARLOAD_RATE": "1000/s", "ARLOAD_SETTLE": "0s"}

    def run(name, *lines):
        sheet = folder / f"{name.replace(' ', '-')}.csv"
        sheet.write_text("\n".join(lines) + "\n")
        words = [binary, *name.split(" "), str(sheet)] + (["--yes"] if name.endswith(("delete", "dispatch")) else [])
        ended = subprocess.run(words, env=environment, capture_output=True, text=True)
        if ended.returncode != 0:
            print(f"{name}: exit code {ended.returncode}\n{ended.stderr}")
        return name, ended.returncode

    def stored(resource, key):
        return [record[key] for record in sandbox.ask("GET", f"/sandbox/records?resource={resource}")[1]["records"]]

    yield run("customers create",
              "legalName,uniqueRefNo,panOrGstin,contactNumber,keyContactName,keyContactLegalName,keyContactMobile",
              "Asha Traders,C1,27AAPFU0939F1ZV,9876543210,Asha,Asha,9876543210",
              "Ravi Traders,C2,,9876543211,Ravi,Ravi,9876543211")
    first, second = stored("customers", "customerId")[:2]
    yield run("customers update", "customerId,pinCode", f"{first},411026", f"{second},411027")
    yield run("customers add",
              "legalName,uniqueRefNo,keyContactName,keyContactLegalName,keyContactMobile,keyContactMailEnabled,"
              "reminderType,reminderTime,dueDateDifference",
              "Usha Stores,C3,Usha,Usha,9876543212,yes,RECURRING,10:30,3")
    yield run("customers patch", "customerId,legalName,assignedAgent,keyContactName,keyContactLegalName,keyContactMobile",
              f"{first},Asha Traders LLP,<clear>,Meera,Meera,9876543213")
    for verb in ["deactivate", "activate", "contacts"]:
        yield run(f"customers {verb}", "customerId", second)
    head = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,igst,netAmount,gstExclusive"
    yield run("invoices create", head, f"R/1,{first},2026-07-01,2026-08-25,100.10,18.02,118.12,yes",
              f"R/2,{first},2026-07-01,2026-08-25,100,18,118,")
    yield run("invoices add", head, f"R/3,{first},2026-07-01,2026-08-25,100.10,18.02,118.12,no")
    one, two = stored("invoices", "invoiceId")[:2]
    yield run("invoices update", "invoiceId,description,dueDate,baseAmount", f"{one},<clear>,2026-09-30,120.10")
    yield run("invoices dispatch", "invoiceId,partialPaymentAllowed", f"{one},yes", f"{two},yes")
    yield run("invoices status", "invoiceId,status,remarks", f"{one},ACCEPT,checked", f"{two},ACCEPT,checked")
    yield run("invoices confirm-payment", "invoiceId,paymentId,remarks,response,type",
              f'{one},PMT1,"paid, in full",ACCEPT,OFFPLATFORM')
    yield run("invoices get", "invoiceId", two)
    yield run("invoices delete", "invoiceId", two)
    yield run("reminders create", "customerId,dueDateDifference,reminderInterval,reminderTime,reminderType,stage",
              f"{first},-3,7,09:30,RECURRING,one")
    reminder = stored("customers", "customerReminders")[0][0]["customerReminderId"]
    yield run("reminders update", "customerId,customerReminderId,reminderInterval,stage", f"{first},{reminder},5,<clear>")
    yield run("reminders get", "customerId,customerReminderId", f"{first},{reminder}")
    yield run("reminders list", "customerId", first)
    yield run("reminders delete", "customerId,customerReminderId", f"{first},{reminder}")
    yield run("customers delete", "customerId", second)


def tools(folder):
    """Paths of schemathesis and Prism, installed if need be."""
    schemathesis, proxy = folder / "venv/bin/st", folder / "prism/node_modules/.bin/prism"
    if not schemathesis.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        subprocess.run([str(folder / "venv/bin/pip"), "install", "--quiet", SCHEMATHESIS], check=True)
    if not proxy.exists():
        subprocess.run(["npm", "install", "--silent", "--prefix", str(folder / "prism"), PRISM], check=True)
    return schemathesis, proxy


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path, help="a built arload")
    parser.add_argument("--examples", type=int, default=100, help="examples of each operation and phase")
    parser.add_argument("--seed", type=int, default=1, help="another seed makes up other requests")
    parser.add_argument("--tools", type=Path, default=HERE.parent.parent / "target/contract-tools",
                        help="where the two programs are or go")
    given = parser.parse_args()
    binary, (schemathesis, proxy) = str(given.binary.resolve()), tools(given.tools.resolve())
    good = []
    for work in [lambda sandbox, folder: run_schemathesis(schemathesis, sandbox, folder, given.examples, given.seed),
                 lambda sandbox, folder: run_prism(proxy, binary, sandbox, folder)]:
        with tempfile.TemporaryDirectory() as folder:
            sandbox = Sandbox(binary, Path(folder), SETTINGS)
            try:
                good.append(work(sandbox, Path(folder)))
            finally:
                sandbox.stop()
    print("schemathesis: " + ("nothing found" if good[0] else "failures, see above"))
    print("prism: " + ("nothing found" if good[1] else "failures, see above"))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
