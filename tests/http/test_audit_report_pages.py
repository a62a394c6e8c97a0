"""An auditor looks at a report, and compares two, on pages."""

import json

import pytest

from tests.support.command import registry
from tests.support.served import form

PATH = "/log/reports"


@pytest.fixture(scope="module")
def report(node, offer, tmp_path_factory):
    """A report of the log that the node writes."""
    assert offer
    file = tmp_path_factory.mktemp("audit") / "mine.json"
    registry("audit", "--log-only", "--save", file, home=node.home)
    return file.read_bytes()


@pytest.fixture(scope="module")
def auditor(node):
    return node.sign_in("auditor")


def send(auditor, first, second=None):
    files = {"first": ("mine.json", first, "application/json")}
    if second is not None:
        files["second"] = ("theirs.json", second, "application/json")
    return auditor.post(PATH, data=form(auditor.get(PATH)), files=files)


def test_one_report_is_shown(auditor, report):
    answer = send(auditor, report)
    assert answer.status_code == 200
    assert "All is well" in answer.text
    assert json.loads(report)["members"][-1]["root"] in answer.text


def test_a_report_that_contradicts_its_own_heads_does_not_pass(auditor, report):
    for change, words in (
        (change_root, "the root is not that of the signed head"),
        (change_size, "the number of entries is not that of the signed head"),
        (change_signature, "has signed the head"),
    ):
        altered = json.loads(report)
        change(altered)
        answer = send(auditor, json.dumps(altered).encode())
        assert answer.status_code == 200
        assert "<h1>The report contradicts itself</h1>" in answer.text
        assert words in answer.text
        assert "<h1>All is well</h1>" not in answer.text
    both = send(auditor, report, json.dumps(altered).encode())
    assert "Both saw the same" not in both.text
    assert both.text.index("<h1>") < both.text.index("Report 2 contradicts itself:") < both.text.index("<h2>")


def test_a_comparison_with_a_report_that_contradicts_itself_is_not_well(auditor, report):
    altered = json.loads(report)
    change_root(altered)
    both = send(auditor, report, json.dumps(altered).encode()).text
    assert "<h1>We cannot tell from the reports alone</h1>" in both
    assert both.index("Report 2 contradicts itself:") < both.index("All heads that both hold are the same.")
    assert "altered or damaged" not in send(auditor, json.dumps(altered).encode()).text


def change_root(report):
    root = report["members"][-1]["root"]
    report["members"][-1]["root"] = ("0" if root[0] != "0" else "1") + root[1:]


def change_size(report):
    report["members"][-1]["size"] += 1


def change_signature(report):
    head = report["streams"][-1]["heads"][-1]
    start = head["note"].rindex(" ") + 20
    head["note"] = head["note"][:start] + ("A" if head["note"][start] != "A" else "B") + head["note"][start + 1 :]


def test_the_same_report_twice_is_the_same(auditor, report):
    answer = send(auditor, report, report)
    assert answer.status_code == 200
    assert "Both saw the same" in answer.text


def test_what_is_no_report_is_refused_with_what_to_do(auditor, report):
    other = json.loads(report) | {"founded": "00" * 32}
    damaged = json.loads(report)
    damaged["members"][-1]["keys"][0]["vkey"] = "<script>alert(1)</script>"
    for first, second, words in (
        (b"", None, "Choose a file first."),
        (b"{}", None, "This is not an audit report."),
        (b"[" * 100_000, None, "This is not an audit report."),
        (report, b"\xff\xfe", "This is not an audit report."),
        (report, json.dumps(other).encode(), "about two consortia"),
        (json.dumps(damaged).encode(), report, "cannot be read"),
    ):
        answer = send(auditor, first, second)
        assert answer.status_code == 422, words
        assert words in answer.text
        assert "<title>Error:" in answer.text


def test_heads_that_are_no_notes_and_markup_do_no_harm(auditor, report):
    hostile = json.loads(report)
    for stream in hostile["streams"]:
        for head in stream["heads"][:-1]:
            head["note"] = "x"
    hostile["summary"] = "<script>alert(1)</script>"
    hostile["faults"] = [{"kind": "record", "member": "<b>x", "code": "<i>y", "detail": "<script>alert(2)</script>"}]
    content = json.dumps(hostile).encode()
    shown = send(auditor, content)
    assert shown.status_code == 200
    assert "<script>alert" not in shown.text
    assert "<b>x" not in shown.text
    assert send(auditor, report, content).status_code in (200, 422)


def test_a_file_that_is_too_large_is_refused(auditor):
    assert send(auditor, b" " * (8 * 1024 * 1024 + 10)).status_code == 422
    assert send(auditor, b" " * (17 * 1024 * 1024)).status_code == 413


def test_reports_are_for_people_of_the_university(node):
    assert node.sign_in("officer").get(PATH).status_code == 403
    assert PATH not in node.browser().get("/log").text
