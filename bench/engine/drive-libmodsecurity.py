"""libmodsecurity in this process, driven line by line: one JSON command a line in, one JSON answer a line out.

{"load": FILE}                          -> {"version": ..., "rules": N}
{"inspect": [REQUEST, ...]}             -> [{"blocked": true, "ruleIds": [...]}, ...]
{"time": FILE, "seconds": N, "min": N}  -> {"us": [...], "cpuUs": N}   one JSON request a line of the file, each used once at most

Requests are turned into what the library takes before the clock starts.
"""

import base64
import gc
import json
import sys
import time

import libmodsecurity


def prepare(request):
    response = request["response"]
    pairs = lambda flat: list(zip(flat[::2], flat[1::2]))
    body = base64.b64decode(request["body"]) if request.get("body") else None
    return (
        request["target"],
        request["method"],
        pairs(request["headers"]),
        body,
        response["status"],
        pairs(response["headers"]),
        base64.b64decode(response["body"]),
    )


def run(engine, rules, prepared):
    """The whole life of a transaction; ends at the first interruption, as a connector does. Returns (transaction, blocked)."""
    target, method, headers, body, status, response_headers, response_body = prepared
    transaction = libmodsecurity.Transaction(engine, rules)
    transaction.process_connection("127.0.0.1", 40000, "127.0.0.1", 80)
    transaction.process_uri(target, method, "1.1")
    for name, value in headers:
        transaction.add_request_header(name, value)
    transaction.process_request_headers()
    blocked = transaction.intervention() is not None
    if not blocked:
        if body is not None:
            transaction.append_request_body(body)
        transaction.process_request_body()
        blocked = transaction.intervention() is not None
    if not blocked:
        for name, value in response_headers:
            transaction.add_response_header(name, value)
        transaction.process_response_headers(status, "HTTP/1.1")
        blocked = transaction.intervention() is not None
    if not blocked:
        transaction.append_response_body(response_body)
        transaction.process_response_body()
        blocked = transaction.intervention() is not None
    transaction.process_logging()
    return transaction, blocked


def measure(engine, rules, command):
    with open(command["time"], encoding="latin-1") as file:
        requests = [prepare(json.loads(line)) for line in file]
    repeat = len(requests) == 1
    clock = time.perf_counter_ns
    times = []
    gc.collect()
    cpu = time.process_time_ns()
    end = clock() + command["seconds"] * 1e9
    while len(times) < command["min"] or clock() < end:
        if not repeat and len(times) == len(requests):
            break
        request = requests[0 if repeat else len(times)]
        before = clock()
        _, blocked = run(engine, rules, request)
        times.append((clock() - before) / 1000)
        if blocked:
            raise SystemExit(f"a benign request was blocked: {request[0]}")
    return {"us": times, "cpuUs": (time.process_time_ns() - cpu) / 1000 / len(times)}


def main():
    engine = libmodsecurity.ModSecurity()
    rules = None
    for line in sys.stdin:
        command = json.loads(line)
        if "load" in command:
            rules = libmodsecurity.RulesSet()
            count = rules.load_from_uri(command["load"])
            if count < 0:
                raise SystemExit(rules.get_parser_error())
            answer = {"version": engine.who_am_i(), "rules": count}
        elif "inspect" in command:
            answer = []
            for request in command["inspect"]:
                transaction, blocked = run(engine, rules, prepare(request))
                ids = [message.rule_id for message in transaction.get_rule_messages()]
                answer.append({"blocked": blocked, "ruleIds": ids})
        else:
            answer = measure(engine, rules, command)
        print(json.dumps(answer), flush=True)


main()
