"""A report in which one byte was altered contradicts itself; one as the audit made it does not."""

import json
from typing import NamedTuple

import msgspec
import pytest

from consumers.audit.audit_compare import compare
from consumers.audit.audit_contradictions import Contradiction, find_contradictions
from consumers.audit.audit_report import AuditReport
from consumers.audit.auditor import audit_log
from consumers.projecting.rebuild import Source
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of an audit of two universities, as its file has it."""
    consortium, folder = Consortium("twente", "delft"), tmp_path_factory.mktemp("audit") / "log"
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    twente.seal(published)
    for _ in range(3):
        twente.seal(twente.issue(achievement, new_id())[1])
    consortium.write(folder)
    audit = audit_log(Source(f"file:{folder}", CONSORTIUM, consortium.founded), workers=1)
    return msgspec.json.encode(audit)


def flip(text, place=0):
    """Return a text with another character at a place."""
    other = "0" if text[place] != "0" else "1"
    return text[:place] + other + text[place:][1:]


class Parts(NamedTuple):
    """A report as JSON, and what it says of one university."""

    document: dict
    member: dict
    state: dict


def altered(report, change):
    document = json.loads(report)
    member = next(each for each in document["members"] if each["member"] == "twente")
    state = next(each for each in document["streams"] if each["member"] == "twente")
    change(Parts(document, member, state))
    found = find_contradictions(AuditReport.read(json.dumps(document).encode()))
    assert all(isinstance(each, Contradiction) for each in found)
    return [(each.code, each.member) for each in found]


def note_of(state, change):
    head = state["heads"][-1]
    head["note"] = change(head["note"])


def test_a_report_as_it_was_made_does_not_contradict_itself(report):
    assert find_contradictions(AuditReport.read(report)) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda part: part.member.update(root=flip(part.member["root"])), "root"),
        (lambda part: part.state.update(root=flip(part.state["root"])), "root"),
        (lambda part: part.member.update(size=part.member["size"] + 1), "size"),
        (lambda part: part.state.update(size=part.state["size"] + 1), "size"),
        (lambda part: part.state["heads"][0].update(size=part.state["heads"][0]["size"] + 1), "size"),
        (lambda part: note_of(part.state, lambda note: flip(note, note.rindex(" ") + 20)), "unsigned"),
        (
            lambda part: part.state["heads"][0].update(note=part.state["heads"][0]["note"].replace("\n1\n", "\n9\n")),
            "size",
        ),
        (lambda part: note_of(part.state, lambda note: note.replace("/twente\n", "/delft\n")), "origin"),
        (lambda part: note_of(part.state, lambda note: note.replace("\n\n", "\n")), "head-unreadable"),
        (lambda part: part.member["keys"][0].update(vkey=flip(part.member["keys"][0]["vkey"], -4)), "key-unreadable"),
        (lambda part: part.member["keys"].clear(), "unsigned"),
        (lambda part: part.state["heads"].clear(), "head-missing"),
        (lambda part: part.document["streams"].remove(part.state), "head-missing"),
    ],
)
def test_one_altered_place_is_found(report, change, code):
    assert (code, "twente") in altered(report, change)


def test_a_root_of_the_newest_head_is_signed_so_altering_both_is_found(report):
    def change(part):
        part.member["root"] = part.state["root"] = "00" * 32

    assert altered(report, change) == [("root", "twente")]


def test_a_verdict_follows_from_the_faults(report):
    fault = {"kind": "record", "member": "twente", "code": "x", "detail": "y"}
    assert altered(report, lambda part: part.document["faults"].append(fault)) == [("verdict", "")]
    assert altered(report, lambda part: part.document.update(ok=False)) == [("verdict", "")]


def test_a_comparison_with_a_report_that_contradicts_itself_proves_nothing_well(report):
    document = json.loads(report)
    document["members"][0]["root"] = flip(document["members"][0]["root"])
    mine, theirs = AuditReport.read(report), AuditReport.read(json.dumps(document).encode())
    assert (compare(mine, mine).verdict, compare(mine, mine).contradictory) == ("well", [])
    compared = compare(mine, theirs)
    assert (compared.verdict, compared.contradictory, compared.same) == ("inconclusive", [2], True)
    assert compared.sentence("mine.json", "theirs.json").startswith("theirs.json contradicts itself: ")
    assert "Both saw the same" not in compared.sentence("mine.json", "theirs.json")


def test_what_a_report_about_some_members_keeps_of_the_others_is_no_contradiction(report):
    document = json.loads(report)
    document["only"] = ["delft"]
    document["members"] = [each for each in document["members"] if each["member"] != "twente"]
    assert find_contradictions(AuditReport.read(json.dumps(document).encode())) == []
    state = next(each for each in document["streams"] if each["member"] == "twente")
    state["root"] = flip(state["root"])
    found = find_contradictions(AuditReport.read(json.dumps(document).encode()))
    assert [(each.code, each.member) for each in found] == [("root", "twente")]
