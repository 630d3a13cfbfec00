"""Reads a JSON list of values and writes what libmodsecurity says to each: [@detectSQLi, @detectXSS]."""

import json
import os
import sys
from urllib.parse import quote

import libmodsecurity

RULES = """
SecRuleEngine On
SecRequestBodyAccess On
SecRule ARGS:q "@detectSQLi" "id:1,phase:2,pass,log,t:none,msg:'sqli'"
SecRule ARGS:q "@detectXSS" "id:2,phase:2,pass,log,t:none,msg:'xss'"
"""


def judge(engine, rules, value):
    body = ("q=" + quote(value.encode("latin1"), safe="")).encode()
    with engine.transaction(rules) as transaction:
        transaction.process_connection("192.0.2.1", 1, "192.0.2.2", 80)
        transaction.process_uri("/", "POST", "1.1")
        transaction.add_request_header("Content-Type", "application/x-www-form-urlencoded")
        transaction.add_request_header("Content-Length", str(len(body)))
        transaction.process_request_headers()
        transaction.append_request_body(body)
        transaction.process_request_body()
        ids = {message.rule_id for message in transaction.get_rule_messages()}
    return [1 in ids, 2 in ids]


def main():
    values = json.load(sys.stdin)
    engine, rules = libmodsecurity.ModSecurity(), libmodsecurity.RulesSet()
    rules.load(RULES)
    # The library writes its log to standard output: that goes elsewhere while it works.
    answer = os.dup(1)
    os.dup2(2, 1)
    verdicts = [judge(engine, rules, value) for value in values]
    with os.fdopen(answer, "w") as output:
        json.dump(verdicts, output)


main()
