"""Stacking, co-awarding and erasing as people do it, by command. What goes before is done in this process."""

import contextlib
import json

import msgspec
import pytest

from registry.application.requests import IssueRequest
from registry.node.node import open_node
from registry.wire.achievements import AchievementContent, Composition
from registry.wire.forms import CredentialRef, Ref, VersionedRef
from registry.wire.recognition import Basis, Grant, RecognitionDecided
from tests.bench.data import achievement
from tests.support.command import Consortium, printed_json
from tests.support.streams import new_id


@pytest.fixture(scope="module")
def twente(tmp_path_factory, postgres):
    consortium = Consortium(tmp_path_factory.mktemp("stacking"), postgres)
    lund = consortium.join("lund")
    with contextlib.ExitStack() as stack:
        consortium.nodes = {home.name: stack.enter_context(open_node(home)) for home in (consortium.home, lund)}
        yield consortium


def offer(node, **more) -> str:
    content: AchievementContent = msgspec.structs.replace(achievement(node.settings.member, new_id()), **more)
    node.registry.achievements.publish(content)
    return content.achievement


def award(node, achievement, record, student):
    request = IssueRequest(record, achievement, None, student, "Jansen", "Ada", "2001-02-03", "2026-06-30")
    [issued] = node.issuer.issue([request])
    return issued


def see(twente):
    """All is published, and Twente has read it."""
    for node in twente.nodes.values():
        node.publisher().publish_pending()
    twente.nodes["twente"].projector().step()


@pytest.fixture(scope="module")
def programme(twente):
    """A programme of Twente's that asks for a module of its own and one of Lund's; a learner has both."""
    own, other = twente.nodes.values()
    modules = [offer(own), offer(other)]
    composition = Composition([Ref("twente", modules[0]), Ref("lund", modules[1])], [], 9, "allowed", min_own_ects=5)
    whole = offer(own, kind="programme", ects=30, composition=composition)
    mine = award(own, modules[0], "t1", "s1")
    other.issuer.adopt("77", mine.learner)
    theirs = award(other, modules[1], "l1", "77")
    basis = Basis("onLog", VersionedRef("lund", modules[1], 1), CredentialRef("lund", theirs.credential))
    decision = new_id()
    grant = Grant([0], "full", "recognised", "none", ects=4)
    own.registry.recognition.decide(RecognitionDecided(decision, "stacking", "binding", [basis], [grant], "2026-07-01"))
    see(twente)
    return whole, mine, theirs, decision


def test_progress_issuing_and_what_became_impaired(twente, programme):
    whole, mine, theirs, decision = programme
    found = printed_json(twente.run("stack", "progress", whole, "--student", "s1", "--on", "2026-08-31", "--json"))
    assert (found["complete"], found["counted"], found["own"]) == (True, 9, 5)
    assert {one["credential"]: (one["counts"], one["by"]) for one in found["parts"]} == {
        mine.credential: (5, None),
        theirs.credential: (4, f"twente/{decision}"),
    }
    early = twente.run("stack", "progress", f"twente/{whole}", "--learner", mine.learner, "--on", "2026-01-01", check=1)
    assert "missing: required[1]" in early.stdout
    issue = ["stack", "issue", whole, "--student", "s1", "--awarding-date", "2026-08-31", "--record", "p1"]
    refused = twente.run(*issue, "--part", f"twente/{mine.credential}:5", check=1)
    assert "code required" in refused.stderr
    assert "code minEcts" in refused.stderr
    assert "--part" in twente.run(*issue, "--part", mine.credential, check=2).stderr
    late = twente.run(*("2206-08-31" if word == "2026-08-31" else word for word in issue), check=2).stderr
    assert "a year ahead" in late
    issued = twente.run(*issue).stdout
    assert f"lund/{theirs.credential}, 4 ECTS" in issued
    larger = issued.split()[1]
    assert f"{larger}, as before" in twente.run(*issue).stdout
    twente.nodes["lund"].registry.credentials.revoke(theirs.credential, "issuedInError")
    see(twente)
    shown = printed_json(twente.run("credential", "show", larger, "--json"))
    assert (shown["flags"], shown["unmet"]) == (["impaired"], [])
    said = twente.run("stack", "impaired").stdout
    assert larger in said
    assert f"lund/{theirs.credential} was revoked" in said


def test_a_larger_credential_that_replaces_one_of_another_achievement_is_asked_about(twente):
    own = twente.nodes["twente"]
    module, other = offer(own), offer(own)
    composition = Composition([Ref("twente", module)], [], 5, "allowed")
    whole = offer(own, kind="programme", ects=30, composition=composition)
    part, old = award(own, module, "r1", "s9"), award(own, other, "r2", "s9")
    see(twente)
    issue = ["stack", "issue", whole, "--student", "s9", "--awarding-date", "2026-08-31", "--record", "r3",
             "--part", f"twente/{part.credential}:5", "--replaces", old.credential]  # fmt: skip
    refused = twente.run(*issue, check=2)
    assert f"replaces credential {old.credential} of another achievement" in refused.stderr
    assert own.issuer.find_credential("r3") is None
    assert f"replaces   {old.credential}" in twente.run(*issue, "--yes").stdout
    see(twente)
    assert printed_json(twente.run("credential", "show", old.credential, "--json"))["status"] == "replaced"


def test_a_learner_is_erased_when_it_is_meant(twente, programme):
    _, mine, theirs, _ = programme
    assert "--yes" in twente.run("learner", "erase", mine.learner, check=2).stderr
    assert mine.learner in twente.run("learner", "erase", "s1", "--student", "--yes").stdout
    assert "erased already" in twente.run("learner", "erase", mine.learner, "--yes", check=1).stderr
    see(twente)
    record = printed_json(twente.run("learner", "show", mine.learner, "--json"))
    assert [one["credential"] for one in record["credentials"]] == [theirs.credential]
    assert "Verified up to" in twente.run("audit").stdout


def test_a_co_awarder_confirms_what_another_claims(twente):
    _own, other = twente.nodes.values()
    joint, alone = offer(other, awarding_bodies=["lund", "twente"]), offer(other)
    assert "is unknown here" in twente.run("achievement", "join", f"lund/{joint}", check=1).stderr
    see(twente)
    assert "does not name twente" in twente.run("achievement", "join", f"lund/{alone}", check=1).stderr
    assert "version 1" in twente.run("achievement", "join", f"lund/{joint}").stdout
    assert "recorded already" in twente.run("achievement", "join", f"lund/{joint}", check=1).stderr
    see(twente)
    shown = json.loads(twente.run("achievement", "show", joint, "--member", "lund", "--json").stdout)
    assert shown["items"][0]["joint"] == {"twente": "confirmed"}
