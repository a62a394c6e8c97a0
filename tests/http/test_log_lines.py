"""The log of a node at work: every line is an event in JSON, tells what caused it, and names no person."""

import json

from tests.support.byte_search import byte_forms
from tests.support.command import until
from tests.support.served import csv_of, once, row

PERSON = {
    "student": "stu-77120045", "family_name": "Quintarelli", "given_name": "Wilhelmina", "date_of_birth": "1983-07-29",
}  # fmt: skip
DIPLOMA = {"record": "log-lines-19830729-q"}


def lines_of(node):
    return [json.loads(line) for line in node.said.splitlines()]


def send_batch(node, rows, request_id):
    """Send rows as a batch and wait for its end; gives its id."""
    system = node.client("batches:read", "credentials:write")
    headers = {"Content-Type": "text/csv", "X-Request-Id": request_id, **once(request_id)}
    answer = system.post("/v1/batches", content=csv_of(rows), headers=headers)
    assert answer.status_code == 202, answer.text
    batch = answer.json()["batch"]
    until(lambda: system.get(f"/v1/batches/{batch}").json()["state"] == "done")
    return batch


def test_every_line_is_json_and_has_the_ids_of_the_request_the_batch_and_the_events_that_it_is_about(node, offer):
    system = node.client("credentials:write")
    headers = {"X-Request-Id": "log-lines-1", **once("log-lines-1")}
    answer = system.post("/v1/credentials", json=row(offer, "log-lines-1", "log-lines-1"), headers=headers)
    assert (answer.status_code, answer.headers["x-request-id"]) == (201, "log-lines-1")
    batch = send_batch(node, [row(offer, "log-lines-2", "log-lines-2")], "log-lines-2")
    until(lambda: node.logged("batches.done") and node.logged("publisher.committed"))
    lines = lines_of(node)
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    of_request = {line["event"] for line in lines if line.get("request_id") == "log-lines-1"}
    assert of_request >= {"http.answered", "registry.stored"}
    of_batch = {line["event"] for line in lines if line.get("batch") == batch}
    assert of_batch >= {"batches.received", "batches.begun", "registry.stored", "batches.done"}
    committed = [line for line in lines if line["event"] == "publisher.committed"]
    assert all(line["first"] and line["last"] for line in committed)


def test_no_line_has_a_value_of_a_person_whatever_is_sent_and_however_it_fails(node, offer):
    system = node.client("credentials:write", "learners:read")
    good = row(offer, DIPLOMA["record"], **PERSON)
    attempts = [good, good | {"awarding_date": "never"}, good | {"achievement": PERSON["family_name"]}, good | {"x": 1}]
    for number, sent in enumerate(attempts):
        system.post("/v1/credentials", json=sent, headers=once(f"no-person-{number}"))
    batch = send_batch(node, [good, good | {"date_of_birth": "29.07.1983"}], "no-person-batch")
    name = PERSON["family_name"]
    for path in (f"/v1/credentials/{name}", f"/v1/learners?student={PERSON['student']}", f"/{name}?q={name}"):
        system.get(path)
    system.post("/v1/credentials", content=json.dumps(good).encode()[:-9], headers=once("cut off"))
    until(lambda: [line for line in node.logged("batches.done") if line["batch"] == batch])
    text = node.said.encode()
    values = [*PERSON.values(), *DIPLOMA.values(), "29.07.1983"]
    assert [(value, name) for value in values for name, form in byte_forms(value).items() if form in text] == []
