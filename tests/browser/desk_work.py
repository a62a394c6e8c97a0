"""What waits on a registrar's desk, by people's forms: imports in each state, changes of status, a merge, a draft."""

import json
import re
from importlib import resources

from tests.support.command import until
from tests.support.page_forms import fields_of
from tests.support.served import csv_of, form, once, row

SAMPLES = resources.files("registry.intake").joinpath("samples")
NAME = "عمر الفاروق"
"""A name that is written from right to left."""


def fill_desk(node, achievement):
    """Return the places of the desk's pages, by name."""
    clerk, colleague, approver = node.sign_in("clerk"), node.sign_in("clerk"), node.sign_in("approver")
    content = [row(achievement, f"desk {n}", f"desk-{n}", family_name=NAME) for n in range(6)]
    content[0]["awarding_date"], content[1]["ects"] = "2026-13-02", "7,5"
    faulty, handed, done = (upload(clerk, kind, renamed(content, kind)) for kind in ("faulty", "handed", "done"))
    release, released = hand_over(clerk, handed), hand_over(clerk, done)
    fields = fields_of(approver.get(released), released) | {"do": "release", "seen": "true"}
    answer = approver.post(released, data=fields)
    assert answer.status_code == 303, answer.text
    until(lambda: "being issued" not in approver.get(released).text, 60)
    unknown = upload(clerk, "columns", "A,B\n1,2\n")
    unreadable = upload(clerk, "unreadable", '{"no": "rows"}', "document.json")
    paths = {
        "faulty": faulty,
        "handed": handed,
        "release": release,
        "done": released,
        "columns": unknown,
        "unreadable": unreadable,
        "merge": propose_merge(node, colleague),
        "draft": bring_draft(node),
        "changes": ask_for_changes(node, clerk),
    }
    return {name: path.rpartition("/")[2] for name, path in paths.items()}


def renamed(rows, kind):
    """The rows as CSV, with records and learners of their own."""
    return csv_of(
        [each | {"record": f"{kind} {each['record']}", "student": f"{kind}-{n}"} for n, each in enumerate(rows)]
    )


def upload(client, key, content, name="spring.csv"):
    """Upload a file; return the path of its import once it is checked."""
    data = form(client.get("/desk/imports"), key=f"work {key}")
    answer = client.post("/desk/imports", data=data, files={"file": (name, content)})
    assert answer.status_code == 303, answer.text
    path = answer.headers["location"]
    until(lambda: "See how far it is now" not in client.get(path).text, 60)
    return path


def hand_over(client, path):
    """Hand an import over; return the path of its release."""
    action = f"{path}/hand-over"
    answer = client.post(action, data=fields_of(client.get(path), action))
    assert answer.status_code == 303, answer.text
    return re.search(r"/desk/releases/[0-9a-f-]{36}", client.get(path).text)[0]


def propose_merge(node, client):
    """Propose that two learners are one; return the path of the change."""
    path = f"/desk/learners/{node.learner}"
    action = f"{path}/merge"
    answer = client.post(action, data=fields_of(client.get(path), action) | {"target": "s4"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def bring_draft(node):
    """Send a document whose achievement lacks something; return the path of the draft."""
    system = node.client()
    content = json.dumps(json.loads(SAMPLES.joinpath("euhemc.json").read_text()))
    headers = {"Content-Type": "application/json"} | once("desk draft")
    assert system.post("/v1/batches", content=content, headers=headers).status_code == 202
    until(lambda: system.get("/v1/drafts").json()["items"], 60)
    return f"/{system.get('/v1/drafts').json()['items'][0]['draft']}"


def ask_for_changes(node, client):
    """Ask a colleague to suspend two credentials; return the path of the batch."""
    credentials = node.credentials
    chosen = {"do": "suspend", "credential": [credentials.plain, credentials.other]}
    page = client.get("/desk/credentials/change", params=chosen)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    answer = client.post("/desk/credentials/change", data=hidden | {"reason": "underReview"})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]
