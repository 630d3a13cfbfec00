"""Real ModSecurity as a process: one JSON object a line in, one out.

In:  {"load": number, "rules": text}                 -> {"error": text or null}
     {"run": number, "exchanges": [exchange, ...]}   -> {"outcomes": [outcome, ...]}
     {"forget": number}                              -> {}
All text is one character a byte (latin-1), since rules and requests are bytes.
"""

import json
import os
import sys
import traceback

import libmodsecurity

# ModSecurity's parser sometimes writes to the standard output: the answers have a copy of their own.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

engine = libmodsecurity.ModSecurity()
engine.set_log_callback(lambda line: None)
loaded = {}


def to_bytes(text):
    return text.encode("latin-1")


def load(number, rules):
    rule_set = libmodsecurity.RulesSet()
    if rule_set.load(to_bytes(rules)) < 0:
        return {"error": parser_error(rule_set)}
    loaded[number] = rule_set
    return {"error": None}


def parser_error(rule_set):
    try:
        return rule_set.get_parser_error()
    except UnicodeDecodeError:
        return "(a message that is no text)"


def steps(transaction, exchange):
    """The phases in order, as a connector calls them."""
    client, server = exchange["client"], exchange["server"]
    transaction.process_connection(client["address"], client["port"], server["address"], server["port"])
    yield
    version = exchange["protocol"].removeprefix("HTTP/")
    transaction.process_uri(to_bytes(exchange["target"]), to_bytes(exchange["method"]), to_bytes(version))
    yield
    for name, value in exchange["headers"]:
        transaction.add_request_header(to_bytes(name), to_bytes(value))
    transaction.process_request_headers()
    yield
    if "body" in exchange:
        transaction.append_request_body(to_bytes(exchange["body"]))
        yield
    transaction.process_request_body()
    yield
    response = exchange["response"]
    for name, value in response["headers"]:
        transaction.add_response_header(to_bytes(name), to_bytes(value))
    transaction.process_response_headers(response["status"], "HTTP/1.1")
    yield
    transaction.append_response_body(to_bytes(response["body"]))
    yield
    transaction.process_response_body()
    yield


def run(rule_set, exchange):
    transaction = libmodsecurity.Transaction(engine, rule_set, exchange["id"])
    verdict = None
    for _ in steps(transaction, exchange):
        intervention = transaction.intervention()
        if intervention is not None and intervention.disruptive:
            verdict = {"status": intervention.status, "isRedirect": is_redirect(intervention)}
            break
    transaction.process_logging()
    messages = transaction.get_rule_messages()
    return {"verdict": verdict, "matches": [[message.rule_id, data_of(message)] for message in messages]}


def is_redirect(intervention):
    try:
        return intervention.url is not None
    except UnicodeDecodeError:
        return True


def data_of(message):
    """What the rule's logdata came to; None where its bytes are no text."""
    try:
        return message.data.encode().decode("latin-1")[:100]
    except UnicodeDecodeError:
        return None


def answer(order):
    try:
        return obey(order)
    except Exception:
        return {"failed": traceback.format_exc()}


def obey(order):
    if "load" in order:
        return load(order["load"], order["rules"])
    if "forget" in order:
        loaded.pop(order["forget"], None)
        return {}
    rule_set = loaded[order["run"]]
    return {"outcomes": [run(rule_set, exchange) for exchange in order["exchanges"]]}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
