"""What schemathesis cannot know from the YAML alone; check.py loads it.

The YAML says of an uploaded file only that it is bytes, and of an id only that it is text. So that requests which are to be
good get past that, files become ones of the contract's own convention (4.2), and some ids become ids of stored records.
Nothing here looks at answers.
"""

import json
import os
import re
import zlib

import schemathesis

KNOWN = json.loads(os.environ["ARLOAD_CONTRACT_IDS"])
COMPANY = "CEK0SANDBX"


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """What a dispatch without ids does is not known, so arload sends none and the sandbox refuses it (contract 6.4, 11)."""
    dispatch = raw_schema["components"]["schemas"]["InvoiceDispatch"]
    dispatch["required"] = dispatch["x-arload-required"]
    dispatch["properties"]["invoiceIds"]["minItems"] = 1


@schemathesis.hook
def before_call(context, case, kwargs):
    """Files of the template of their operation, and ids of records, but for steps that follow from earlier answers."""
    template = case.operation.definition.raw.get("x-arload-template")
    if template and isinstance(case.body, dict) and is_file(case.body.get("file")):
        case.body = {**case.body, "file": sheet(template, draw(repr(case.body["file"])))}
    if case.meta is not None and case.meta.phase.name.value == "stateful":
        return
    doomed = "delete" in case.operation.label.lower()
    paths = case.path_parameters
    if paths and draw(repr(paths)) % 2:
        if "customerReminderId" in paths:
            pair = pick("reminders", repr(paths), doomed)
            case.path_parameters = {**paths, "customerId": pair[0], "customerReminderId": pair[1]}
        elif "customerId" in paths:
            case.path_parameters = {**paths, "customerId": pick("customers", repr(paths), doomed)}
        elif "invoiceId" in paths:
            case.path_parameters = {**paths, "invoiceId": pick("invoices", repr(paths), doomed)}
    ids = case.body.get("invoiceIds") if isinstance(case.body, dict) else None
    if isinstance(ids, list) and ids and all(isinstance(one, str) for one in ids) and draw(repr(ids)) % 2:
        places = enumerate(ids)
        case.body = {**case.body, "invoiceIds": [pick("invoices", f"{one}{place}", doomed) for place, one in places]}
    for name in ["sellerId", "parentCompanyId"]:
        company = case.query.get(name) if case.query else None
        if isinstance(company, str) and re.fullmatch("CEK[A-Z0-9]{7}", company) and draw(company) % 2:
            case.query = {**case.query, name: COMPANY}


@schemathesis.deserializer("text/html")
def page(context, response):
    """A page of a gateway is one text."""
    return response.text


def draw(text):
    """A number that is the same for the same text."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def pick(kind, text, doomed=False):
    """A stored record; those that are deleted come from another part than those that are to be there."""
    half = len(KNOWN[kind]) // 2
    records = KNOWN[kind][:half] if doomed else KNOWN[kind][half:]
    return records[draw(text) % len(records)]


def is_file(value):
    """Whether a generated file is one; of another type, it is one of the wrongs that are to be refused."""
    return value is not None and not isinstance(value, (int, float, list, dict))


def sheet(template, number):
    """A file of two rows, of which about every second has something wrong in one."""
    customer, fault = pick("customers", str(number)), "" if number % 2 else "x"
    if template == "invoiceCreate":
        rows = [f"F/{number % 100000:05},{customer},2026-07-01,2026-08-25,100.10,{fault}",
                f"G/{number % 100000:05},{customer},2026-07-01,2026-08-25,100.10,18.02"]
        head = "invoiceNumber,customerId,invoiceDate,dueDate,baseAmount,igst"
    elif template == "customerCreate":
        rows = [f"Asha,C{number},Asha,Asha,987654321{fault or 0}", f"Ravi,D{number},Ravi,Ravi,9876543211"]
        head = "legalName,uniqueRefNo,keyContactName,keyContactLegalName,keyContactMobile"
    else:
        rows = [f"{customer},411026", f"{fault}{customer},411027"]
        head = "customerId,pinCode"
    return "\n".join([head, *rows]) + "\n"
