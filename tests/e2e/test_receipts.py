"""Receipts from end to end: made on a node, checked elsewhere with nothing but files and a hash."""

import pytest

from tests.support.command import Consortium, printed_json, registry, started


@pytest.fixture(scope="module")
def made(tmp_path_factory, postgres):
    """A consortium with credentials, of which one is revoked and all are sealed; a receipt and its folder."""
    consortium = Consortium(tmp_path_factory.mktemp("receipts"), postgres)
    achievement = consortium.offer()
    consortium.run("import", "file", consortium.rows(achievement, 300))
    consortium.run("views", "update")
    ids = [
        printed_json(consortium.run("learner", "show", "--student", f"s{n}", "--json"))["credentials"][0]["credential"]
        for n in (3, 7)
    ]
    consortium.run("credential", "revoke", ids[0], "--reason", "issuedInError", "--yes")
    consortium.run("seal")
    consortium.run("views", "update")
    folder = consortium.folder / "given"
    folder.mkdir()
    files = [folder / f"{name}.tlog-proof" for name in ("revoked", "good")]
    for identifier, file in zip(ids, files, strict=True):
        consortium.run("receipt", "create", "credential", identifier, "--seal", "--out", file)
    return consortium, files


def check(consortium, file, *more, **how):
    return registry("receipt", "verify", file, "--founded", consortium.founded, *more, **how)


def test_a_receipt_is_checked_offline_and_says_what_was_sealed(made):
    consortium, (revoked, good) = made
    found = printed_json(check(consortium, good, "--json"))
    assert found["verdict"] == "genuine"
    assert found["receipt"]["type"] == "credential.issued.v1"
    assert found["receipt"]["standing_now"] == "active"
    assert found["status"]["status"] is None
    assert first_line(check(consortium, good)).startswith("Genuine. Neither suspended, revoked nor replaced when")
    bad = printed_json(check(consortium, revoked, "--json", check=1))
    assert (bad["verdict"], bad["status"]["status"]) == ("not-in-force", "revoked")
    assert first_line(check(consortium, revoked, check=1)).startswith("Genuine, and revoked: the issuer sealed that on")


def test_the_age_that_a_seal_may_have_can_be_asked_for(made):
    consortium, (_, good) = made
    said = check(consortium, good, "--max-seal-age", 24)
    assert first_line(said).startswith("Genuine. Neither suspended, revoked nor replaced when")
    assert "--max-seal-age" in check(consortium, good, "--max-seal-age", 0, check=2).stderr


@pytest.mark.parametrize(
    "wrong",
    ["witnesses_needed = 2\n", 'unknown = "x"\n', "not TOML\n", '[[witness]]\nurl = "https://w.example"\nkey = "w"\n'],
)
def test_settings_that_are_wrong_never_mean_that_no_witness_is_needed(made, tmp_path, wrong):
    consortium, (_, good) = made
    settings = (consortium.home / "registry.toml").read_text()
    (tmp_path / "registry.toml").write_text(settings)
    check(consortium, good, home=tmp_path)
    (tmp_path / "registry.toml").write_text(settings + wrong)
    refused = check(consortium, good, home=tmp_path, check=3)
    assert not refused.stdout
    assert refused.stderr.startswith("error: ")


def test_a_node_that_was_named_and_is_not_there_never_means_that_no_witness_is_needed(made, tmp_path):
    consortium, (_, good) = made
    assert "there is no file" in check(consortium, good, home=tmp_path, check=3).stderr
    named = {"REGISTRY_HOME": str(tmp_path / "nowhere")}
    assert "there is no file" in check(consortium, good, environment=named, check=3).stderr


def test_without_its_seal_a_receipt_does_not_say_that_a_credential_is_in_force(made, tmp_path):
    consortium, (revoked, _) = made
    alone = tmp_path / "alone.tlog-proof"
    alone.write_bytes(revoked.read_bytes())
    said = check(consortium, alone, "--governance", revoked.parent, check=5)
    assert first_line(said) == "Genuine. This file cannot show whether it was revoked since."
    absent = check(consortium, alone, "--governance", revoked.parent, "--seal", tmp_path / "nowhere", check=5)
    assert first_line(absent).startswith("Genuine. What its seal says was not checked")
    named = check(consortium, alone, "--governance", revoked.parent, "--seal", f"{revoked}.seal.json", check=1)
    assert first_line(named).startswith("Genuine, and revoked")


def test_a_learner_shows_what_a_credential_says_of_them_and_nobody_elses(made, tmp_path):
    consortium, _ = made
    for name, student in (("mine", "s7"), ("other", "s8")):
        shown = printed_json(consortium.run("learner", "show", "--student", student, "--json"))
        credential = shown["credentials"][0]["credential"]
        consortium.run(
            "receipt", "create", "credential", credential, "--seal", "--disclosures", "--out", tmp_path / name
        )
    mine = tmp_path / "mine.disclosures"
    assert mine.stat().st_mode & 0o777 == 0o600
    said = printed_json(check(consortium, tmp_path / "mine", "--disclosures", mine, "--json"))
    assert (said["claims"]["familyName"], said["claims"]["studentNumber"]) == ("Jansen", "s7")
    text = check(consortium, tmp_path / "mine", "--disclosures", mine).stdout
    assert "It commits to these disclosures:" in text
    wrong = check(consortium, tmp_path / "mine", "--disclosures", tmp_path / "other.disclosures", check=1)
    assert first_line(wrong).startswith("Not genuine: these disclosures are not those")
    # Beside the receipt they are found by themselves; nobody is shown a name that was not checked.
    assert printed_json(check(consortium, tmp_path / "mine", "--json"))["claims"]["studentNumber"] == "s7"
    mine.write_text((tmp_path / "other.disclosures").read_text())
    assert first_line(check(consortium, tmp_path / "mine", check=1)).startswith("Not genuine: these disclosures")
    absent = check(consortium, tmp_path / "mine", "--disclosures", tmp_path / "none", check=5)
    assert "there is no file" in first_line(absent)


def test_a_file_that_is_not_there_is_inconclusive_and_not_an_error_of_the_receipt(made, tmp_path):
    consortium, (_, good) = made
    assert "there is no file" in first_line(check(consortium, tmp_path / "none", check=5))
    alone = tmp_path / good.name
    alone.write_bytes(good.read_bytes())
    # A governance log that is older than the receipt says nothing against it.
    whole = (good.parent / "governance.log").read_bytes()
    older = tmp_path / "older"
    older.mkdir()
    (older / "governance.log").write_bytes(whole[: whole.rindex(b"test.example\n")])
    assert "knows no member twente" in first_line(check(consortium, alone, "--governance", older, check=5))
    assert "governance.log" in first_line(check(consortium, alone, check=5))
    said = printed_json(check(consortium, alone, "--json", check=5))
    assert said["verdict"] == "inconclusive"


def test_a_receipt_is_not_put_beside_the_governance_of_another_consortium(made, tmp_path):
    consortium, _ = made
    other = b"another.example\n1\nAAAA\n\nx\n\n{}\n\n"
    (tmp_path / "governance.log").write_bytes(other)
    out = tmp_path / "r.consistency"
    refused = consortium.run("receipt", "create", "consistency", "twente", 1, "--out", out, check=1)
    assert "another consortium" in refused.stderr
    assert (tmp_path / "governance.log").read_bytes() == other
    assert not out.exists()


def test_a_receipt_that_cannot_have_its_seal_is_not_written_at_all(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    consortium.run("import", "file", consortium.rows(consortium.offer(), 1))
    consortium.run("views", "update")
    shown = printed_json(consortium.run("learner", "show", "--student", "s0", "--json"))
    out = tmp_path / "r.tlog-proof"
    refused = consortium.run(
        "receipt", "create", "credential", shown["credentials"][0]["credential"], "--seal", "--out", out, check=1
    )
    assert "no status seal" in refused.stderr
    assert not out.exists()
    with started("run", home=consortium.home, says="is running"):
        assert "sealed 2 leaves" in consortium.run("seal").stdout


def first_line(done):
    return done.stdout.splitlines()[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index ", "index 1"),
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("test.example/twente\n303", "test.example/twente\n302"),
        ("extra ey", "extra eY"),
    ],
)
def test_an_altered_receipt_is_refused(made, tmp_path, old, new):
    consortium, (_, good) = made
    text = good.read_text()
    assert old in text
    altered = tmp_path / "altered.tlog-proof"
    altered.write_text(text.replace(old, new, 1))
    done = check(consortium, altered, "--governance", good.parent, check=1)
    assert first_line(done).startswith("Not genuine: ")


def test_another_founding_or_somebody_elses_seal_is_refused(made, tmp_path):
    consortium, (revoked, good) = made
    other = registry("receipt", "verify", good, "--founded", "ab" * 32, check=1)
    assert "founding" in first_line(other)
    nobody = registry("receipt", "verify", good, check=3, home=tmp_path)
    assert "--founded" in nobody.stderr
    file = tmp_path / good.name
    file.write_text(good.read_text())
    (tmp_path / f"{good.name}.seal.json").write_text(revoked.with_name(f"{revoked.name}.seal.json").read_text())
    swapped = check(consortium, file, "--governance", good.parent, check=1)
    assert "another credential" in first_line(swapped)


def test_one_head_is_proved_to_begin_with_another_and_no_altered_one(made, tmp_path):
    consortium, _ = made
    sizes = [commit["size"] for commit in printed_json(consortium.run("log", "list", "twente", "--json"))["items"]]
    newest, oldest = sizes[0], sizes[-1]
    file = tmp_path / "grown.consistency"
    consortium.run("receipt", "create", "consistency", "twente", oldest, newest, "--out", file)
    found = printed_json(check(consortium, file, "--json"))
    assert [head["size"] for head in found["heads"]] == [oldest, newest]
    assert f"at {newest:,} extends the one at 1." in first_line(check(consortium, file))
    text = file.read_text()
    path = text.split("\n")[1]
    for old, new in ((path, "A" * 43 + "="), (f"twente\n{newest}\n", f"twente\n{newest - 1}\n"), ("twente", "aveiro")):
        altered = tmp_path / "altered.consistency"
        altered.write_text(text.replace(old, new, 1))
        assert first_line(check(consortium, altered, check=1)).startswith("Not genuine: ")
    between = consortium.run("receipt", "create", "consistency", "twente", oldest + 1, check=1)
    assert "those around it are" in between.stderr
    consortium.run("receipt", "create", "consistency", "governance", 1, "--out", tmp_path / "g")
    assert "the log of test.example at 2 extends" in check(consortium, tmp_path / "g").stdout


def test_a_static_log_is_exported_and_grows(made, tmp_path):
    consortium, _ = made
    consortium.run("log", "tiles", "export", tmp_path / "static", "--entries")
    first = (tmp_path / "static" / "twente" / "checkpoint").read_text()
    consortium.offer()
    again = consortium.run("log", "tiles", "export", tmp_path / "static", "--entries").stdout
    assert (tmp_path / "static" / "twente" / "checkpoint").read_text() != first
    assert "new leaves" in again
    (tmp_path / "static" / "twente" / "checkpoint").write_text(first.replace("303", "302"))
    refused = consortium.run("log", "tiles", "export", tmp_path / "static", check=1)
    assert "another history" in refused.stderr


def test_a_receipt_replaces_nothing_unasked_and_leaves_nothing_of_the_one_before_beside_it(made, tmp_path):
    consortium, _ = made
    learner = [printed_json(consortium.run("learner", "show", "--student", f"s{n}", "--json")) for n in (20, 21)]
    one, other = (each["credentials"][0]["credential"] for each in learner)
    file = tmp_path / "f"
    beside = [file.with_name(file.name + suffix) for suffix in (".seal.json", ".disclosures")]
    consortium.run("receipt", "create", "credential", one, "--seal", "--disclosures", "-o", file)
    before = [each.read_bytes() for each in (file, *beside)]
    refused = consortium.run("receipt", "create", "credential", other, "-o", file, check=2)
    said = " ".join(refused.stderr.replace("│", " ").split())
    assert "Refusing to replace" in said
    assert "f.seal.json" in said.replace(" ", "")
    assert [each.read_bytes() for each in (file, *beside)] == before
    consortium.run("receipt", "create", "credential", other, "-o", file, "--force")
    assert [each.exists() for each in beside] == [False, False]
    assert "cannot show whether it was revoked" in first_line(check(consortium, file, check=5))
    # A companion alone belongs to another receipt, too.
    file.rename(tmp_path / "moved")
    beside[0].write_bytes(before[1])
    consortium.run("receipt", "create", "credential", other, "-o", file, check=2)
    assert not file.exists()
    consortium.run("receipt", "create", "credential", other, "--seal", "-o", file, "--force")
    assert printed_json(check(consortium, file, "--json"))["verdict"] == "genuine"
    folder = consortium.run("receipt", "create", "credential", other, "-o", tmp_path, check=2).stderr
    assert "is a folder" in " ".join(folder.replace("│", " ").split())


def test_a_consistency_proof_replaces_nothing_unasked(made, tmp_path):
    consortium, _ = made
    file = tmp_path / "c"
    file.write_text("mine")
    consortium.run("receipt", "create", "consistency", "twente", "1", "-o", file, check=2)
    assert file.read_text() == "mine"
    consortium.run("receipt", "create", "consistency", "twente", "1", "-o", file, "--force")
    assert file.read_text() != "mine"


def test_words_that_mean_nothing_are_wrong_usage_and_not_a_forged_receipt(made, tmp_path):
    consortium, (_, good) = made
    check(consortium, good, "--witness", "foo", check=2)
    said = check(consortium, good, "--seal", tmp_path, check=2)
    assert "altered" not in said.stderr + said.stdout


def test_a_receipt_without_disclosures_says_that_nothing_shows_whose_it_is(made):
    consortium, (_, good) = made
    assert check(consortium, good).stdout.splitlines()[1].startswith("These files do not show whose credential")


def test_a_seal_from_before_a_revocation_is_said_to_be_outdated(made, tmp_path):
    consortium, _ = made
    shown = printed_json(consortium.run("learner", "show", "--student", "s11", "--json"))
    credential, file = shown["credentials"][0]["credential"], tmp_path / "late.tlog-proof"
    consortium.run("credential", "revoke", credential, "--reason", "issuedInError", "--yes")
    consortium.run("views", "update")
    create = ("receipt", "create", "credential", credential, "--seal", "--force", "--out", file)
    said = " ".join(consortium.run(*create).stdout.split())
    assert "the status has changed: it is revoked now. The receipt with this seal still shows active" in said
    written = printed_json(consortium.run(*create, "--json"))
    assert (written["seal"]["status"], written["status"]) == ("active", "revoked")
    assert printed_json(check(consortium, file, "--json"))["verdict"] == "genuine"
    consortium.run("seal")
    consortium.run("views", "update")
    assert "changed" not in consortium.run(*create).stdout
    assert printed_json(consortium.run(*create, "--json"))["seal"]["status"] == "revoked"
