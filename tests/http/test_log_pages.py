"""The log explorer over HTTP: logs, entries and their proofs, for everybody and for staff."""

import pytest

from registry.wire.checkpoint import SignedNote
from registry.wire.keys import VerifierKey
from registry.wire.merkle import leaf_hash, verify_consistency, verify_inclusion
from tests.support.command import until
from tests.support.served import achievement, once, row

HTML = {"Accept": "text/html"}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def anybody(reading):
    return reading.anybody()


@pytest.fixture(scope="module")
def published(reading):
    """An achievement with a hostile title and a credential of it: their leaves."""
    system = reading.client()
    offer = achievement()
    offer["title"] = {"en": HOSTILE}
    made = system.post("/v1/achievements", json=offer, headers=once("logs"))
    assert made.status_code == 201, made.text
    issued = system.post("/v1/credentials", json=row(made.json()["achievement"], "logs"), headers=once("logs 2"))
    credential = issued.json()["credential"]
    until(lambda: system.get(f"/v1/credentials/twente/{credential}").status_code == 200)
    leaf = system.get(f"/v1/credentials/twente/{credential}").json()["leaf"]
    return {"credential": credential, "leaf": leaf, "size": leaf + 1}


def test_all_logs_are_listed_with_governance_first(anybody, published):
    assert published
    page = anybody.get("/log", headers=HTML)
    assert page.status_code == 200, page.text
    assert page.text.index('href="/log/governance"') < page.text.index('href="/log/twente"')
    assert "Made from the log" in page.text


def test_a_log_shows_its_entries_and_nothing_of_learners_to_the_public(anybody, reading, published):
    page = anybody.get("/log/twente", headers=HTML)
    assert page.status_code == 200, page.text
    assert "A credential was issued" in page.text
    assert published["credential"] not in page.text
    assert published["credential"] in reading.client("university:read").get("/log/twente", headers=HTML).text
    assert anybody.get("/log/nobody", headers=HTML).status_code == 404


def test_the_form_leads_to_an_entry_under_the_newest_head(anybody, published):
    assert published
    moved = anybody.get("/log/twente", params={"entry": "0"}, headers=HTML)
    assert moved.status_code == 303
    assert moved.headers["location"].startswith("/log/twente/0@")
    wrong = anybody.get("/log/twente", params={"entry": f"{HOSTILE}"}, headers=HTML)
    assert wrong.status_code == 422
    assert "There is a problem" in wrong.text
    assert HOSTILE not in wrong.text


def test_an_entry_about_a_learner_shows_its_type_its_hash_and_its_proof(anybody, published):
    address = f"/log/twente/{published['leaf']}@{published['size']}"
    page = anybody.get(address, headers=HTML)
    assert page.status_code == 200, page.text
    assert "This entry concerns a learner" in page.text
    assert published["credential"] not in page.text
    entry = anybody.get(address).json()
    assert (entry["type"], entry["event"]) == ("credential.issued.v1", None)
    assert entry["leafHash"] in page.text
    check(entry)


def test_staff_see_the_whole_entry_and_no_cache_keeps_it(reading, published):
    address = f"/log/twente/{published['leaf']}@{published['size']}"
    staff = reading.client("university:read")
    page = staff.get(address, headers=HTML)
    assert published["credential"] in page.text
    assert page.headers["cache-control"] == "no-store"
    entry = staff.get(address).json()
    assert leaf_hash(entry["event"].encode()).hex() == entry["leafHash"]
    assert reading.client("feed:read").get(address).json()["event"] is None
    check(entry)


def test_an_achievement_is_public_and_its_text_is_escaped(anybody, published):
    address = f"/log/twente/{published['leaf'] - 1}@{published['size']}"
    page = anybody.get(address, headers=HTML)
    assert HOSTILE not in page.text
    assert "&lt;script&gt;" in page.text
    entry = anybody.get(address).json()
    assert HOSTILE in entry["event"]
    assert leaf_hash(entry["event"].encode()).hex() == entry["leafHash"]
    check(entry)


def test_governance_is_public_with_its_proof(anybody):
    moved = anybody.get("/log/governance/0", headers=HTML)
    assert moved.status_code == 303, moved.text
    page = anybody.get(moved.headers["location"], headers=HTML)
    assert page.status_code == 200, page.text
    assert "The consortium was founded" in page.text
    check(anybody.get(moved.headers["location"]).json())


def test_the_script_is_served_with_its_digest_and_the_page_allows_nothing_inline(anybody, published):
    page = anybody.get(f"/log/twente/{published['leaf']}@{published['size']}", headers=HTML)
    assert 'integrity="sha256-' in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert anybody.get("/static/proof.js").headers["content-type"].startswith("text/javascript")


def test_one_head_continues_another(anybody, published):
    size = published["size"]
    until(lambda: anybody.get(f"/log/twente/0@{size}").status_code == 200)
    older = anybody.get(f"/log/twente/0@{size}").json()["commitSize"]
    address = f"/log/twente/consistency?from={older}&to={size}"
    page = anybody.get(address, headers=HTML)
    assert page.status_code == 200, page.text
    proof = anybody.get(address).json()
    roots = [bytes.fromhex(proof[head]["root"]) for head in ("old", "new")]
    verify_consistency(older, roots[0], size, roots[1], [bytes.fromhex(each) for each in proof["path"]])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/log/twente/x", 404),
        ("/log/twente/9@3", 404),
        ("/log/twente/0@99999999", 404),
        ("/log/nobody/0@1", 404),
        ("/log/twente/00@1", 404),
        ("/log/twente/consistency?from=2&to=1", 422),
        ("/log/twente/consistency?from=&to=1", 422),
        ("/log/twente/consistency?from=1&to=99999999", 404),
    ],
)
def test_an_address_of_nothing_is_refused(anybody, published, path, status):
    assert published
    assert anybody.get(path).status_code == status
    page = anybody.get(path, headers=HTML)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")


def check(entry):
    """Verify an entry's proof and the signatures on its head as an outsider would."""
    head, signatures = entry["head"]["note"].split("\n\n")
    note = SignedNote.parse(head + "\n", signatures)
    assert (note.checkpoint.size, note.checkpoint.root.hex()) == (entry["head"]["size"], entry["head"]["root"])
    path = [bytes.fromhex(each) for each in entry["path"]]
    verify_inclusion(bytes.fromhex(entry["leafHash"]), entry["leaf"], note.checkpoint.size, path, note.checkpoint.root)
    keys = [VerifierKey.parse(key) for key in entry["head"]["keys"]]
    assert keys
    assert all(key.verifies(line.signature, note.text.encode()) for key, line in note.by(keys))
