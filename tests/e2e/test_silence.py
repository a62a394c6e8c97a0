"""The promise: whatever makes a step be without effect, nothing is reported as done.

One consortium for all; each trouble is made once, and each way in is tried under it. A new way in is one line of
`WAYS`, a new trouble one function and one line of `TROUBLES`.
"""

import json
from typing import NamedTuple

import pytest

from tests.support.command import Consortium, printed_json, registry

pytestmark = pytest.mark.xdist_group("silence")


class Way(NamedTuple):
    """A command that stores something to be published; `{…}` names something that was prepared."""

    words: tuple[str, ...]
    role: str = "issuer"
    """The role that it needs; empty where it reduces harm, which counts in every standing."""


WAYS = {
    "publish an achievement": Way(("achievement", "publish", "{file}")),
    "revise an achievement": Way(("achievement", "revise", "{achievement}", "{file}")),
    "import rows": Way(("import", "{rows}")),
    "check rows": Way(("import", "{rows}", "--dry-run")),
    "issue a credential": Way((
        "credential", "issue", "{achievement}", "--record", "n1", "--student", "s9", "--awarding-date", "2026-06-30",
        "--family-name", "Jansen", "--given-name", "Ada", "--date-of-birth", "2001-02-03",
    )),
    "reinstate a credential": Way(("credential", "reinstate", "{suspended}"), ""),
    "declare an agreement": Way((
        "agreement", "declare", "lund", "--level", "6", "--purpose", "creditTransfer", "--valid-from", "2026-01-01",
    ), "recogniser"),
}  # fmt: skip


class Prepared:
    """A consortium of twente and lund, with something to work on at twente."""

    def __init__(self, folder, server):
        self.consortium = Consortium(folder, server)
        self.home, self.folder = self.consortium.home, self.consortium.folder
        self.root = self.folder / "consortium"
        self.lund = self.consortium.join("lund")
        achievement = self.consortium.offer()
        rows = self.consortium.rows(achievement, 2, "first.csv")
        self.consortium.run("import", rows)
        self.consortium.run("project")
        [first, second] = self.credentials()
        self.consortium.run("credential", "suspend", first, "--reason", "underReview")
        self.consortium.run("project")
        new = rows.read_text().replace("r0", "r10").replace("r1,", "r11,")
        (self.folder / "new.csv").write_text(new)
        self.names = {
            "achievement": achievement,
            "file": str(self.folder / "achievement.json"),
            "rows": str(self.folder / "new.csv"),
            "suspended": first,
            "active": second,
        }

    def credentials(self):
        """The ids of the credentials that were issued first."""
        shown = printed_json(self.consortium.run("learner", "show", "s0", "--student", "--json"))
        other = printed_json(self.consortium.run("learner", "show", "s1", "--student", "--json"))
        return [shown["credentials"][0]["credential"], other["credentials"][0]["credential"]]

    def govern(self, *act):
        """Let the consortium say something."""
        file = self.folder / "proposal.json"
        file.unlink(missing_ok=True)
        registry("governance", "propose", act[0], file, *act[1:], home=self.root)
        registry("governance", "sign", file, "--yes", home=self.root)
        registry("governance", "publish", file, home=self.root)

    def go(self, way, check, home=None):
        """Go one way in; returns what the command printed."""
        words = [word.format(**self.names) for word in way.words]
        return registry(*words, home=home or self.home, check=check)

    def records(self):
        """How many bytes of twente's log there are: nothing may be added to it."""
        return (self.folder / "log" / "twente.log").stat().st_size


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, postgres):
    return Prepared(tmp_path_factory.mktemp("silence"), postgres)


def said(done):
    return " ".join((done.stdout + done.stderr).split())


def test_a_suspended_member_creates_nothing_and_is_told_since_when_and_what_to_do(prepared):
    prepared.govern("suspend", "twente", "--reason", "administrative")
    before = prepared.records()
    for name, way in WAYS.items():
        told = said(prepared.go(way, 1))
        assert "member-suspended: twente is suspended since" in told, (name, told)
        assert "(governance entry 4). Nothing was stored. Try again after reinstatement" in told, (name, told)
        assert "published" not in told, (name, told)
    assert prepared.records() == before
    report = json.loads(prepared.go(Way((*WAYS["import rows"].words, "--json")), 1).stdout)
    assert (report["issued"], len(report["problems"])) == (0, 2)
    prepared.consortium.run("credential", "revoke", prepared.names["active"], "--reason", "issuedInError")
    assert prepared.records() > before, "what reduces harm goes on"
    prepared.govern("reinstate", "twente", "--reason", "administrative")
    assert "2 would be issued" in said(prepared.go(WAYS["check rows"], 0))
