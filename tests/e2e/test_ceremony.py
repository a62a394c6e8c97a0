"""The ceremony between people at different machines, with the command alone."""

import json
import re

import pytest

from registry.keys import key_proof
from registry.wire.keys import Ed25519Signer
from tests.support.command import Consortium, printed_json, registry


@pytest.fixture
def consortium(tmp_path, postgres):
    made = Consortium(tmp_path, postgres)
    made.achievement = made.offer()
    made.run("import", "file", made.rows(made.achievement, 20))
    made.run("views", "update")
    return made


def ceremony(consortium, *act, sign=True):
    """Propose, sign with the consortium's keys, publish."""
    file = consortium.folder / f"proposal-{act[0]}.json"
    home = consortium.folder / "consortium"
    registry("governance", "propose", act[0], file, *act[1:], home=home)
    if sign:
        registry("governance", "sign", file, "--yes", home=home)
        registry("governance", "publish", file, home=home)
    return file


def shown(consortium):
    found = printed_json(registry("governance", "show", "--json", home=consortium.home))
    return {member["member"]: member for member in found["members"]}


def test_a_consortium_is_founded_by_keys_that_never_meet(tmp_path, postgres):
    keys = [
        registry(
            "governance", "key", tmp_path / f"holder{n}" / "root.pem", "--consortium", "far.example"
        ).stdout.strip()
        for n in range(3)
    ]
    options = [option for key in keys for option in ("--key", key)]
    home = tmp_path / "consortium"
    database = postgres.dsn(f"ceremony_{abs(hash(str(tmp_path))):x}")
    said = registry(
        "consortium", "create", home, "--consortium", "far.example", *options, "--threshold", 2, "--database", database
    ).stdout
    file = home / "founding.json"
    assert "far.example" in registry("governance", "check", file, home=home).stdout
    registry("governance", "sign", file, "--yes", "--key", tmp_path / "holder0" / "root.pem", home=home)
    early = registry("governance", "publish", file, home=home, check=1)
    assert "1 signature, 2 are needed" in early.stderr
    registry("governance", "sign", file, "--yes", "--key", tmp_path / "holder2" / "root.pem", home=home)
    assert "published" in registry("governance", "publish", file, home=home).stdout
    again = registry("governance", "publish", file, home=home)
    assert "already published: as entry 1" in again.stdout
    assert said.strip().splitlines()[-1] in (home / "registry.toml").read_text()
    admitted_by_keys_that_are_elsewhere(tmp_path, home, postgres)


def admitted_by_keys_that_are_elsewhere(folder, home, postgres):
    """`member admit` leaves a proposal; each holder signs on a machine that has only settings and the key."""
    key = str(key_proof.prove(Ed25519Signer.generate("far.example/porto")))
    admit = ("member", "admit", "porto", "--key", key, "--legal-name", "Porto", "--country")
    refused = registry(*admit, "XX", home=home, check=2).stderr
    assert "'XX' is not a country's code" in " ".join(refused.replace("│", " ").split())
    said = " ".join(registry(*admit, "PT", home=home, check=1).stderr.split())
    file = home / "proposal-1.json"
    assert f"nothing is published yet. The proposal is in {file}." in said
    assert "It has 0 signatures, 2 are needed; the root keys that have not signed it are far.example+" in said
    for number in (0, 2):
        holder = folder / f"holder{number}"
        text = (home / "registry.toml").read_text()
        database = f'database = "{postgres.dsn(f"holder{number}_{abs(hash(str(folder))):x}")}"'
        (holder / "registry.toml").write_text(re.sub("^database = .*$", database, text, flags=re.MULTILINE))
        registry("governance", "sign", file, "--yes", "--key", holder / "root.pem", home=holder)
    before = file.read_bytes()
    again = " ".join(registry(*admit, "PT", home=home, check=1).stderr.split())
    assert f"The proposal is in {home / 'proposal-1-2.json'}." in again
    assert file.read_bytes() == before, "a proposal that waits for signatures stays"
    registry("governance", "publish", file, home=home)
    assert "porto" in registry("member", "list", home=home).stdout


def test_a_key_is_replaced_and_the_old_facts_stay_checkable(consortium):
    learner = consortium.run("learner", "show", "--student", "s3", "--json")
    credential = printed_json(learner)["credentials"][0]["credential"]
    receipt = consortium.folder / "old.tlog-proof"
    consortium.run("receipt", "create", "credential", credential, "--out", receipt)
    for proposal in ("add-key", "retire-key"):
        consortium.run("key", "rotate")
        [file] = consortium.home.glob(f"{proposal}-*.json")
        registry("governance", "sign", file, "--yes", home=consortium.folder / "consortium")
        registry("governance", "publish", file, home=consortium.folder / "consortium")
    assert "The change is complete" in consortium.run("key", "rotate").stdout
    consortium.run("achievement", "publish", consortium.folder / "achievement.json", "--again")
    consortium.run("views", "update")
    assert "Verified up to" in consortium.run("audit").stdout
    again = consortium.folder / "new.tlog-proof"
    consortium.run("receipt", "create", "credential", credential, "--out", again)
    for file in (receipt, again):
        found = registry("receipt", "verify", file, "--founded", consortium.founded, check=5).stdout
        assert found.startswith("Genuine. This file cannot show whether it was revoked since")


def test_what_a_thief_wrote_is_voided_and_who_relied_on_it_is_told(consortium):
    learner = consortium.run("learner", "show", "--student", "s3", "--json")
    forged = printed_json(learner)["credentials"][0]
    consortium.run("recognition", "decide", f"twente/{forged['credential']}", "--ects", "5")
    consortium.run("views", "update")
    ceremony(consortium, "void", "twente", forged["leaf"], forged["leaf"] + 1, "--reason", "keyCompromised")
    consortium.run("views", "update")
    assert shown(consortium)["twente"]["voided"] == [f"{forged['leaf']}-{forged['leaf']}"]
    assert "has no credential" in consortium.run("credential", "show", forged["credential"], check=1).stderr
    relied = printed_json(consortium.run("member", "reliance", "twente", "--json"))["items"]
    assert [found["credential"] for found in relied] == [forged["credential"]]
    assert relied[0]["by"].startswith("twente/")
    # As it was before the voiding, the credential stood.
    was = consortium.run("credential", "show", forged["credential"], "--as-of", "governance=2", "--json")
    assert printed_json(was)["credential"]["status"] == "active"


def test_a_suspended_member_revokes_and_that_counts_and_issues_nothing(consortium):
    ceremony(consortium, "suspend", "twente", "--reason", "rulesBroken")
    learner = consortium.run("learner", "show", "--student", "s3", "--json")
    credential = printed_json(learner)["credentials"][0]["credential"]
    consortium.run("credential", "revoke", credential, "--reason", "withheld", "--yes")
    told = consortium.run("import", "file", consortium.rows(consortium.achievement, 22), check=1).stdout
    assert "0 issued, 20 as before, 2 not taken in" in told
    consortium.run("views", "update")
    both = consortium.run("credential", "show", credential).stdout
    assert "twente was active when it was issued, and is suspended now" in both
    shown_now = printed_json(consortium.run("credential", "show", credential, "--json"))
    assert shown_now["status"] == "revoked"
    year = printed_json(consortium.run("university", "show", "twente", "--year", "2026", "--json"))
    assert year["standing"] == "suspended"
    assert sum(line["issued"] for line in year["awarded"]) == 20
    assert printed_json(consortium.run("audit", "--json"))["faults"] == []


def test_a_reinstatement_for_another_reason_than_the_suspensions_is_asked_about(consortium):
    ceremony(consortium, "suspend", "twente", "--reason", "rulesBroken")
    file, home = consortium.folder / "reinstate.json", consortium.folder / "consortium"
    words = ("governance", "propose", "reinstate", file, "twente", "--reason")
    asked = registry(*words, "administrative", home=home, check=1)
    assert "twente was suspended for the reason rulesBroken" in " ".join(asked.stdout.split())
    assert not file.exists()
    registry(*words, "administrative", "--yes", home=home)
    file.unlink()
    registry(*words, "rulesBroken", home=home)
    assert file.exists()


def test_what_must_not_be_signed_is_refused_with_its_reason(consortium):
    file = ceremony(consortium, "suspend", "twente", "--reason", "administrative", sign=False)
    home = consortium.folder / "consortium"
    proposal = json.loads(file.read_text())

    def refused(**change):
        altered = consortium.folder / "altered.json"
        altered.write_text(json.dumps({**proposal, **change}))
        return registry("governance", "sign", altered, "--yes", home=home, check=1).stderr

    assert "more than a day ago" in refused(proposed="2026-01-01T00:00:00Z")
    assert "in the future" in refused(proposed="2036-01-01T00:00:00Z")
    assert "time zone" in refused(proposed="2026-01-01T00:00:00")
    assert "it was altered" in refused(events=[proposal["events"][0].replace("administrative", "rulesBroken")])
    assert "this is not a proposal" in refused(unknown=1)
    nobody = registry("governance", "sign", file, "--yes", home=consortium.home, check=1)
    assert "root key" in nobody.stderr
    wrong = registry("governance", "propose", "suspend", consortium.folder / "x.json", "twente", "--reason",
                     "rulesBroken", "--head", "7", home=home, check=1)  # fmt: skip
    assert "within a commit" in wrong.stderr
    registry("governance", "sign", file, "--yes", home=home)
    other = ceremony(consortium, "withdraw", "twente", "--reason", "administrative", sign=False)
    twice = registry("governance", "sign", other, "--yes", home=home, check=1)
    assert "signed another proposal for the same place" in " ".join(twice.stderr.split())
    # Nor one of more events that follow the same entries, whose head has another size.
    longer = consortium.folder / "longer.json"
    for act in (("roles", "--role", "issuer"), ("withdraw", "--reason", "administrative")):
        registry("governance", "propose", act[0], longer, "twente", *act[1:], home=home)
    longer_told = registry("governance", "sign", longer, "--yes", home=home, check=1)
    assert "signed another proposal for the same place" in " ".join(longer_told.stderr.split())
    assert json.loads(longer.read_text())["signatures"] == []
    admit = ("member", "admit", "porto", "--legal-name", "Porto", "--country", "PT", "--key")
    key = str(key_proof.prove(Ed25519Signer.generate("test.example/porto")))
    told = " ".join(registry(*admit, key, home=home, check=1).stderr.split())
    left = home / "proposal-2.json"
    assert f"registry governance sign {left} --again" in told
    registry("governance", "sign", left, "--yes", "--again", home=home)
    registry("governance", "publish", left, home=home)
    assert "porto" in registry("member", "list", home=home).stdout
