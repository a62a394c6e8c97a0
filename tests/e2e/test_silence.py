"""The promise: whatever makes a step be without effect, nothing is reported as done.

One consortium for all; each trouble is made once, and each way in is tried under it. A new way in is one line of
`WAYS`, a new trouble one function and one line of `TROUBLES`.
"""

import json
import re
from importlib import resources
from typing import NamedTuple

import psycopg
import pytest

from registry.keys import key_proof
from registry.keys.keystore import Keystore
from tests.support.command import Consortium, printed_json, registry

SAMPLES = resources.files("registry.intake").joinpath("samples")
pytestmark = pytest.mark.xdist_group("silence")


class Way(NamedTuple):
    """A command that stores something to be published; `{…}` names something that was prepared."""

    words: tuple[str, ...]
    role: str = "issuer"
    """The role that it needs; empty where it reduces harm, which counts in every standing."""


WAYS = {
    "publish an achievement": Way(("achievement", "publish", "{file}", "--again")),
    "revise an achievement": Way(("achievement", "revise", "{achievement}", "{file}")),
    "import rows": Way(("import", "file", "{rows}")),
    "check rows": Way(("import", "file", "{rows}", "--dry-run")),
    "issue a credential": Way((
        "credential", "issue", "{achievement}", "--record", "n1", "--student", "s9", "--awarding-date", "2026-06-30",
        "--family-name", "Jansen", "--given-name", "Ada", "--date-of-birth", "2001-02-03",
    )),
    "reinstate a credential": Way(("credential", "reinstate", "{suspended}"), ""),
    "declare an agreement": Way((
        "agreement", "declare", "lund", "--level", "6", "--purpose", "creditTransfer", "--valid-from", "2026-01-01",
    ), "recogniser"),
    "publish a draft": Way(("achievement", "draft", "publish", "{draft}")),
    "assess an achievement": Way(("recognition", "assess", "{lunds_achievement}", "--ects", "5"), "recogniser"),
    "decide on a credential": Way(("recognition", "decide", "{lunds_credential}", "--ects", "5"), "recogniser"),
    "decide a case": Way(("case", "decide", "{case}"), "recogniser"),
}  # fmt: skip


class Prepared:
    """A consortium of twente and lund, with something to work on at twente."""

    def __init__(self, folder, server):
        self.consortium = Consortium(folder, server)
        self.home, self.folder = self.consortium.home, self.consortium.folder
        self.root = self.folder / "consortium"
        self.lund = self.consortium.join("lund")
        achievement = self.consortium.offer()
        rows = self.consortium.rows(achievement, 3, "first.csv")
        self.consortium.run("import", "file", rows)
        self.consortium.run("views", "update")
        [first, second, third] = self.credentials()
        self.consortium.run("credential", "suspend", first, "--reason", "underReview")
        self.consortium.run("views", "update")
        self.prepare_office()
        new = "".join(rows.read_text().replace("r0", "r10").replace("r1,", "r11,").splitlines(keepends=True)[:3])
        (self.folder / "new.csv").write_text(new)
        self.names = {
            "achievement": achievement,
            "file": str(self.folder / "achievement.json"),
            "rows": str(self.folder / "new.csv"),
            "suspended": first,
            "active": second,
            "other": third,
            **self.office,
        }

    def prepare_office(self):
        """A credential of lund's for twente to decide about, a case that is approved, and a draft that is complete."""
        run, folder = self.consortium.run, self.folder
        offered = registry("achievement", "publish", folder / "achievement.json", home=self.lund).stdout.split()[1]
        achievement = offered.rstrip(",")
        registry("import", "file", self.consortium.rows(achievement, 1, "lund.csv"), home=self.lund)
        registry("views", "update", home=self.lund)
        found = registry("learner", "show", "s0", "--student", "--json", home=self.lund)
        credential = f"lund/{printed_json(found)['credentials'][0]['credential']}"
        run("views", "update")
        (folder / "ada.json").write_text(
            json.dumps({"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03"})
        )
        opened = run("case", "open", "--credential", credential, "--applicant", folder / "ada.json", "--json")
        case = printed_json(opened)["case"]
        run("case", "complete", case)
        proposed = run("case", "propose", case, "--outcome", "full", "--ects", "5", "--actor", "m.lind", "--json")
        run("case", "approve", case, "--actor", "k.berg", "--proposal", printed_json(proposed)["proposal_id"])
        run("import", "file", SAMPLES.joinpath("openbadge.json"), check=1)
        [draft] = printed_json(run("achievement", "draft", "list", "--json"))["items"]
        run("achievement", "draft", "complete", draft["draft"], SAMPLES.joinpath("openbadge-rest.json"))
        self.office = {
            "lunds_achievement": f"lund/{achievement}@1",
            "lunds_credential": credential,
            "case": case,
            "draft": draft["draft"],
        }

    def credentials(self):
        """The ids of the credentials that were issued first."""
        shown = [
            printed_json(self.consortium.run("learner", "show", student, "--student", "--json"))
            for student in ("s0", "s1", "s2")
        ]
        return [one["credentials"][0]["credential"] for one in shown]

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
        assert "member-suspended" in told, (name, told)
        assert "twente is suspended since" in told, (name, told)
        assert "(governance entry 4). Nothing was stored. Try again after reinstatement" in told, (name, told)
        assert "published" not in told, (name, told)
    assert prepared.records() == before
    report = json.loads(prepared.go(Way((*WAYS["import rows"].words, "--json")), 1).stdout)
    assert (report["issued"], len(report["problems"])) == (0, 2)
    prepared.consortium.run("credential", "revoke", prepared.names["active"], "--reason", "issuedInError", "--yes")
    assert prepared.records() > before, "what reduces harm goes on"
    prepared.govern("reinstate", "twente", "--reason", "administrative")
    assert "2 would be issued" in said(prepared.go(WAYS["check rows"], 0))


def test_the_exit_code_is_about_what_the_command_stored_and_the_rest_is_a_warning(prepared):
    consortium, rows = prepared.consortium, prepared.folder / "held.csv"
    rows.write_text((prepared.folder / "new.csv").read_text().replace("r1", "held1").replace(",,s", ",,held"))
    consortium.run("import", "file", rows, "--no-publish")
    prepared.govern("suspend", "twente", "--reason", "administrative")
    assert "held back, not published: 2" in said(consortium.run("publish", check=1))
    told = said(consortium.run("credential", "suspend", prepared.names["other"], "--reason", "underReview"))
    assert "published 1 event;" in told
    assert "Warning, about events of earlier commands: stored events that are held back, not published: 2." in told
    with psycopg.connect(consortium.server.dsn(consortium.name("twente"))) as connection:
        newest = "SELECT aggregate FROM publisher.held WHERE size IS NULL ORDER BY notification DESC LIMIT 1"
        [waiting] = connection.execute(newest).fetchone()
    told = said(consortium.run("credential", "revoke", waiting, "--reason", "issuedInError", "--yes", check=1))
    assert "nothing to publish" in told
    assert "held back, not published: 1." in told
    prepared.govern("reinstate", "twente", "--reason", "administrative")
    consortium.run("publish")
    consortium.run("credential", "reinstate", prepared.names["other"])
    consortium.run("views", "update")
    assert said(consortium.run("status")).startswith("Nothing is wrong.")


def changed_settings(prepared, name, value):
    """Set another value until the test is over; return the text to write back."""
    file = prepared.home / "registry.toml"
    text = file.read_text()
    lines = [f'{name} = "{value}"' if line.startswith(f"{name} =") else line for line in text.splitlines()]
    file.write_text("\n".join(lines) + "\n")
    return file, text


@pytest.mark.parametrize(
    ("name", "value", "code", "why"),
    [
        ("founded", "ab" * 32, 3, "belongs to twente of test.example|this log is of another founding"),
        ("consortium", "other.example", 3, "belongs to twente of test.example|this log is of test.example"),
        ("member", "lund", 3, "belongs to twente of test.example"),
        ("database", "{lund}", 3, "belongs to lund of test.example"),
        ("log", "file:../elsewhere", 4, "the log is gone"),
        ("log", "file:../other", 3, "this log is of other.example, and the settings say test.example"),
    ],
)
def test_settings_of_another_node_or_log_are_refused_by_every_way_in(prepared, name, value, code, why):
    if "other" in value and not (prepared.folder / "other").exists():
        registry("consortium", "create", prepared.folder / "others", "--consortium", "other.example",
                 "--log", "file:../other",
                 "--database", prepared.consortium.server.dsn(prepared.consortium.name("others")))  # fmt: skip
    database = prepared.consortium.server.dsn(prepared.consortium.name("lund"))
    file, text = changed_settings(prepared, name, value.format(lund=database))
    before = prepared.records()
    try:
        for way, words in WAYS.items():
            if name == "member" and "agreement" in way:
                continue  # nobody agrees with themselves
            told = said(prepared.go(words, code))
            assert re.search(why, told), (way, told)
            assert "published " not in told, (way, told)
        for words in (
            ("publish",),
            (
                "views",
                "update",
            ),
            ("status",),
        ):
            told = said(registry(*words, home=prepared.home, check=False))
            assert re.search(why, told), (words, told)
        assert registry("status", home=prepared.home, check=False).returncode != 0
    finally:
        file.write_text(text)
    assert prepared.records() == before


def test_a_database_that_does_not_know_its_own_log_stores_nothing(prepared):
    """As where the setting `database` is misspelt, and an empty one was made."""
    empty = prepared.consortium.server.dsn(prepared.consortium.name("empty"))
    file, text = changed_settings(prepared, "database", empty)
    before = prepared.records()
    try:
        for name in ("publish an achievement", "declare an agreement"):
            told = said(prepared.go(WAYS[name], 1))
            assert "that this node's database does not know. Is the setting `database` right?" in told, told
            assert "Nothing was stored" in told
        assert "not-an-extension" in told
    finally:
        file.write_text(text)
    assert prepared.records() == before


def test_a_vault_whose_master_key_is_anothers_is_said(prepared):
    key = prepared.home / "keys" / "vault-master.key"
    own = key.read_bytes()
    key.write_text("ab" * 32 + "\n")
    try:
        assert "vault-keys.json does not open with vault-master.key" in said(
            registry("status", home=prepared.home, check=1)
        )
    finally:
        key.write_bytes(own)
    assert registry("status", home=prepared.home).returncode == 0


def test_what_was_cut_from_the_own_log_is_put_back_before_anything_is_reported_as_published(prepared):
    log = prepared.folder / "log" / "twente.log"
    prepared.go(WAYS["publish an achievement"], 0)  # published, and never projected here
    whole = log.read_bytes()
    log.write_bytes(whole[: whole.rindex(b"test.example/twente\n")])
    assert "ends" in said(prepared.consortium.run("status", check=1))
    prepared.consortium.run("publish")
    assert log.read_bytes() == whole
    assert "published 1 event" in said(prepared.go(WAYS["publish an achievement"], 0))
    audited = ("audit", "--log", f"file:{prepared.folder / 'log'}", "--founded", prepared.consortium.founded)
    assert said(registry(*audited)).startswith("Verified up to")


@pytest.mark.parametrize("trouble", ["gone", "cut", "newer"])
def test_under_a_governance_log_that_is_not_what_was_read_nothing_is_done_as_if_it_were(prepared, trouble):
    """Gone, shorter than this node has read, or saying something that its views have not seen: the newest counts."""
    if trouble == "newer":  # published by the consortium, and never projected here
        prepared.govern("suspend", "twente", "--reason", "administrative")
    elif trouble == "cut":  # what is left lets twente do everything, but nobody knows what else was cut
        prepared.consortium.join("kaunas")
    log = prepared.folder / "log" / "governance.log"
    whole = log.read_bytes()
    if trouble == "gone":
        log.unlink()
    elif trouble == "cut":
        prepared.consortium.run("views", "update")
        log.write_bytes(whole[: whole.rindex(b"test.example\n")])
    before = prepared.records()
    try:
        for name, way in WAYS.items():
            done = prepared.go(way, check=False)
            told = said(done)
            assert "published " not in told, (name, told)
            assert re.search("the log is gone|governance|suspended since", told), (name, told)
            assert done.returncode in (1, 3, 4), (name, told)
        assert prepared.consortium.run("status", check=False).returncode in (1, 4)
    finally:
        log.write_bytes(whole)
    assert prepared.records() == before
    if trouble == "newer":
        prepared.govern("reinstate", "twente", "--reason", "administrative")


def test_a_node_that_is_not_admitted_stores_nothing(prepared):
    home = prepared.folder / "gent"
    registry(
        "node", "init", home, "--member", "gent", "--consortium", "test.example",
        "--founded", prepared.consortium.founded, "--log", "file:../log",
        "--database", prepared.consortium.server.dsn(prepared.consortium.name("gent")),
    )  # fmt: skip
    told = said(prepared.go(WAYS["publish an achievement"], 1, home))
    assert "gent is not a member of test.example" in told
    assert "unknown-member" in told
    assert not (prepared.folder / "log" / "gent.log").exists()
    assert "gent is not admitted" in said(registry("status", home=home, check=1))


def test_a_member_without_a_role_does_nothing_that_needs_it(prepared):
    for role, without in (("recogniser", "issuer"), ("issuer", "recogniser")):
        prepared.govern("roles", "twente", "--role", role)
        before = prepared.records()
        for name, way in WAYS.items():
            if way.role == without:
                told = said(prepared.go(way, 1))
                assert "role-missing" in told, (name, told)
                assert f"twente does not have the role {without} since" in told, (name, told)
        assert prepared.records() == before
    prepared.govern("roles", "twente", "--role", "issuer", "--role", "recogniser")


def test_what_was_refused_is_said_first_and_is_published_again_at_the_issuers_word(prepared):
    consortium, rows = prepared.consortium, prepared.folder / "later.csv"
    rows.write_text((prepared.folder / "new.csv").read_text().replace("r1", "later1").replace(",,s", ",,later"))
    size = streams(prepared)["twente"]["size"]
    consortium.run("import", "file", rows)
    # Governance says so of a head that lies before them: they stand on the log, and have no effect.
    prepared.govern("suspend", "twente", "--reason", "rulesBroken", "--head", str(size))
    consortium.run("views", "update")
    assert "member-suspended" in said(consortium.run("refused", "publish-again", "--yes", check=1))
    prepared.govern("reinstate", "twente", "--reason", "rulesBroken")
    consortium.run("views", "update")
    told = said(consortium.run("status", check=1))
    assert told.startswith("2 of this node's own events were refused (member-suspended)"), told
    again = said(consortium.run("import", "file", rows, check=1))
    assert "exists for nobody: the log refused it" in again
    assert "0 issued, 0 as before, 2 not taken in" in again
    listed = printed_json(consortium.run("refused", "list", "--json", check=1))["items"]
    assert [(one["how"], one["refused"]["code"]) for one in listed] == [("publish-again", "member-suspended")] * 2
    before = prepared.records()
    assert "Nothing was done" in said(consortium.run("refused", "publish-again", "--dry-run"))
    assert prepared.records() == before
    assert "2 events stored again" in said(consortium.run("refused", "publish-again", "--yes"))
    consortium.run("views", "update")
    shown = printed_json(consortium.run("learner", "show", "later0", "--student", "--json"))
    assert [one["status"] for one in shown["credentials"]] == ["active"]
    assert {one["refused"]["subject"] for one in listed} >= {shown["credentials"][0]["credential"]}
    assert "0 issued, 2 as before" in said(consortium.run("import", "file", rows))
    assert said(consortium.run("status")).startswith("Nothing is wrong.")
    assert "is left to repair" in said(consortium.run("refused", "list"))


def streams(prepared):
    prepared.consortium.run("views", "update")
    return {one["member"]: one for one in printed_json(prepared.consortium.run("status", "--json"))["streams"]}


def test_a_node_whose_key_was_retired_does_nothing_at_all(prepared):
    new = Keystore(prepared.folder / "new-keys").create_signer("signing", "test.example/twente")
    prepared.govern("add-key", "twente", str(key_proof.prove(new)))
    old = Keystore(prepared.home / "keys").public("signing", "test.example/twente")
    prepared.govern("retire-key", "twente", str(old), "--reason", "rotated")
    before = prepared.records()
    revoking = Way(("credential", "suspend", "{other}", "--reason", "underReview"))
    for name, way in {**WAYS, "suspend a credential": revoking}.items():
        told = said(prepared.go(way, 1))
        assert "key-not-valid" in told, (name, told)
        assert "this node's signing key" in told, (name, told)
        assert "was retired since" in told, (name, told)
        assert "not published" not in told, (name, told)  # nothing was stored, either
    assert prepared.records() == before
    shown = printed_json(registry("status", "--json", home=prepared.home, check=1))
    assert shown["node"]["key_standing"] == "retired"
    assert "was retired" in shown["node"]["faults"]["key"][0]
    key = prepared.home / "keys" / "signing.pem"
    key.write_bytes((prepared.folder / "new-keys" / "signing.pem").read_bytes())
    prepared.consortium.run("import", "file", prepared.folder / "new.csv")
    assert printed_json(registry("status", "--json", home=prepared.home))["node"]["key_standing"] == "counts"
