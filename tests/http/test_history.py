"""What was so earlier, what a receipt proves, and who recognises what: asked of a node that serves."""

import time

import pytest

from registry.node.node import open_node
from registry.wire.forms import VersionedRef
from registry.wire.recognition import AgreementDeclared
from tests.support.command import registry, until
from tests.support.served import achievement, once, problem, row
from tests.support.streams import new_id


@pytest.fixture(scope="module")
def system(node):
    return node.client("credentials:write", "achievements:write", "learners:read", "recognition:read")


def issued(system, offer, record):
    return system.post("/v1/credentials", json=row(offer, record, record), headers=once(record))


def waiting(answer):
    return {"Registry-Wait-For": answer.headers["registry-position"]}


def test_a_credential_is_asked_for_as_of_the_position_of_an_earlier_answer(node, system, offer):
    made = issued(system, offer, "then")
    path, learner = made.headers["location"], made.json()["learner"]
    before = node.anybody().get(path, headers=waiting(made))
    own = path.replace("/twente/", "/")
    revoked = system.post(f"{own}/revoke", json={"reason": "issuedInError"}, headers=once("then revoke"))
    now = node.anybody().get(path, headers=waiting(revoked))
    assert now.json()["status"] == "revoked"
    then = node.anybody().get(f"{path}/as-of", params={"at": before.headers["registry-position"]})
    assert then.status_code == 200, then.text
    assert (then.json()["credential"]["status"], then.json()["asOf"]["basis"]) == ("active", "sizes")
    assert then.headers["registry-position"] == before.headers["registry-position"]
    first = node.anybody().get(f"{path}/as-of", params={"at": "twente:0"}).json()
    assert (first["credential"]["status"], first["asOf"]["sizes"]["twente"]) == (None, 0)
    record = system.get(f"/v1/learners/{learner}/as-of", params={"at": before.headers["registry-position"]}).json()
    assert [(one["credential"], one["status"]) for one in record["credentials"]] == [
        (made.json()["credential"], "active")
    ]
    today = system.get(f"/v1/learners/{learner}/as-of", params={"at": time.strftime("%Y-%m-%d", time.gmtime())}).json()
    assert [one["status"] for one in today["credentials"]] == ["revoked"]
    assert today["asOf"]["basis"] == "the members' own claims"
    assert system.get(f"/v1/learners/{learner}/as-of", params={"at": "2020-01-01"}).json()["credentials"] == []


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("twente:99999999", "events as far as this node has read"),
        ("lund:1", "no stream"),
        ("yesterday", "member:size"),
        ("2026-02-30", "not a moment"),
        ("2026-05-04T12:00:00", "not a moment"),
        ("0001-01-01T00:00:00+14:00", "not a moment"),
    ],
)
def test_a_moment_that_there_is_not_is_said_to_be_none(node, at, says):
    path = "/v1/credentials/twente/0bbac7a9-a411-4809-ad9e-534f483b7a03/as-of"
    found = problem(node.anybody().get(path, params={"at": at}), 422, "unprocessable")
    assert says in found["errors"][0]["detail"]
    assert found["errors"][0]["where"] == "query at"


def test_a_decision_is_asked_for_as_of_earlier(reading, decide):
    system = reading.client()
    offered = system.post("/v1/achievements", json=achievement(), headers=once("offer as of")).json()["achievement"]
    made = issued(system, offered, "as of")
    assert reading.anybody().get(made.headers["location"], headers=waiting(made)).status_code == 200
    before = system.get("/v1/members").headers["registry-position"]
    path = f"/v1/decisions/lund/{decide(made.json()['credential'])}/as-of"
    now = system.get(path, params={"at": system.get("/v1/members").headers["registry-position"]}).json()
    assert now["decision"]["state"] == "inForce"
    assert system.get(path, params={"at": before}).json()["decision"]["state"] is None


@pytest.fixture(scope="module")
def receipt(node, system, offer, tmp_path_factory):
    made = issued(system, offer, "receipt")
    file = tmp_path_factory.mktemp("receipt") / "r.tlog-proof"
    assert node.anybody().get(made.headers["location"], headers=waiting(made)).status_code == 200
    registry("receipt", "create", "credential", made.json()["credential"], "--out", file, home=node.home)
    return made, file.read_text()


@pytest.mark.parametrize("media", ["text/plain", "application/octet-stream"])
def test_a_receipt_is_verified_for_anybody_and_its_credential_as_it_is_now_told(node, receipt, media):
    made, text = receipt
    answer = node.anybody().post("/v1/receipts/verify", content=text.encode(), headers={"Content-Type": media})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["member"], found["standingThen"], found["refused"]) == ("twente", "active", None)
    assert found["event"]["data"]["credential"] == made.json()["credential"]
    assert found["credential"]["status"] == "active"
    assert found["summary"] == "Genuine, and active as far as this node has read the log."
    assert found["keys"][0]["vkey"].startswith("test.example/twente+")


def test_a_receipt_of_a_revoked_credential_says_so_first(node, system, offer, tmp_path):
    made = issued(system, offer, "receipt-of-revoked")
    credential, file = made.json()["credential"], tmp_path / "r.tlog-proof"
    assert node.anybody().get(made.headers["location"], headers=waiting(made)).status_code == 200
    registry("receipt", "create", "credential", credential, "--out", file, home=node.home)
    body, again = {"reason": "issuedInError"}, once("receipt then revoke")
    revoked = system.post(f"/v1/credentials/{credential}/revoke", json=body, headers=again)
    assert revoked.status_code == 200, revoked.text
    answer = node.anybody().post(
        "/v1/receipts/verify", content=file.read_bytes(), headers={"Content-Type": "text/plain"} | waiting(revoked)
    )
    assert answer.json()["summary"] == "Genuine, and revoked."


def test_a_receipt_that_was_altered_proves_nothing_and_that_is_said(node, receipt):
    _, text = receipt
    lines = text.split("\n")
    path = [number for number, line in enumerate(lines) if len(line) == 44]
    altered = [*lines]
    altered[path[0]] = ("B" if altered[path[0]][0] == "A" else "A") + altered[path[0]][1:]
    for content in ("\n".join(altered).encode(), b"", b"\xff\xfe", b"c2sp.org/tlog-proof@v1\n\n\n\n", b"{}" * 1000):
        answer = node.anybody().post("/v1/receipts/verify", content=content, headers={"Content-Type": "text/plain"})
        found = problem(answer, 422, "unprocessable")
        assert found["errors"][0]["where"] == "$"
    large = node.anybody().post("/v1/receipts/verify", content=b"x" * 600_000, headers={"Content-Type": "text/plain"})
    problem(large, 413, "too-large")


def test_a_university_is_told_whether_it_recognises_what_is_offered(reading):
    system = reading.client()
    offered = system.post("/v1/achievements", json=achievement(), headers=once("recognised"))
    path = f"{offered.headers['location']}/recognition"
    assert reading.anybody().get(path, headers=waiting(offered)).json() == {"items": [], "next": None}
    # An agreement about this one achievement: no other test's achievement is covered by it.
    own = VersionedRef("twente", offered.json()["achievement"], 1)
    with open_node(reading.lund) as lund:
        lund.registry.recognition.declare_agreement(
            AgreementDeclared(
                new_id(), "twente", [own], include_revisions=True, purpose="creditTransfer",
                outcome="full", ects_ratio=0.5, valid_from="2026-01-01",
            )
        )  # fmt: skip
        lund.publisher().publish_pending()
    until(lambda: reading.anybody().get(path).json()["items"] != [])
    [found] = reading.anybody().get(path, params={"by": "lund"}).json()["items"]
    assert (found["member"], found["outcome"], found["mutual"], found["ectsRatio"]) == ("lund", "full", False, 0.5)
    assert reading.anybody().get(path, params={"by": "twente"}).json()["items"] == []
    assert reading.anybody().get(path, params={"day": "2025-12-31"}).json()["items"] == []
    searched = reading.anybody().get("/v1/catalogue", params={"recognisedBy": "lund"}).json()
    assert offered.json()["achievement"] in [one["achievement"] for one in searched["items"]]
    problem(
        reading.anybody().get("/v1/achievements/twente/0bbac7a9-a411-4809-ad9e-534f483b7a03/recognition"),
        404, "not-found",
    )  # fmt: skip
