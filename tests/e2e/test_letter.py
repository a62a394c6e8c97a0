"""Letters from end to end: written by a node's command, read by software that is not ours, checked offline."""

import io
import json
import subprocess

import pypdf
import pytest

from registry.wire.disclosures import claims_digest, disclosed
from registry.wire.proof import TlogProof
from tests.support.command import Consortium, command, printed_json, registry


@pytest.fixture(scope="module")
def made(tmp_path_factory, postgres):
    """A consortium whose member lund decided twice about a credential of twente's: openly, and by digest."""
    consortium = Consortium(tmp_path_factory.mktemp("letters"), postgres)
    lund = consortium.join("lund")
    (lund / "registry.toml").write_text(
        'public_url = "https://registry.lund.example/"\n' + (lund / "registry.toml").read_text()
    )
    achievement = consortium.offer()
    consortium.run("import", consortium.rows(achievement, 1))
    consortium.run("project")
    registry("project", home=lund)
    [credential] = printed_json(consortium.run("learner", "show", "--student", "s0", "--json"))["credentials"]
    named = f"twente/{credential['credential']}"
    said = registry(
        "recognition", "decide", named, "--outcome", "partial", "--ects", "2.5", "--ground",
        "workload:substantiallyLess", "--towards", "Minor *data* #science", home=lund,
    )  # fmt: skip
    refused = registry(
        "recognition", "decide", named, "--purpose", "admission", "--outcome", "refused", "--ground",
        "level:lowerLevel", home=lund,
    )  # fmt: skip
    registry("project", home=lund)
    return consortium, lund, said.stdout.split()[1], refused.stdout.split()[1], named


@pytest.fixture
def applicant(tmp_path):
    file = tmp_path / "applicant.json"
    file.write_text(json.dumps({"name": "Ada Jansen", "address": ["Kungsgatan 1", "582 18 Linköping"]}))
    return file


def write(home, decision, applicant, folder, *more, **how):
    file = folder / "letter.pdf"
    done = registry("recognition", "letter", decision, "-o", file, "--applicant", applicant, *more, home=home, **how)
    return file, done


def text_of(reader):
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


def test_the_receipt_inside_a_letter_is_good_and_is_about_its_decision(made, applicant, tmp_path):
    consortium, lund, decision, _, named = made
    file, _ = write(lund, decision, applicant, tmp_path, "--language", "nl", "--appeal-until", "2027-01-07")
    reader = pypdf.PdfReader(file)
    assert set(reader.attachments) == {"receipt.tlog-proof"}
    receipt = tmp_path / "found.tlog-proof"
    receipt.write_bytes(reader.attachments["receipt.tlog-proof"][0])
    checked = registry(
        "verify-receipt", receipt, "--founded", consortium.founded, "--governance", consortium.folder / "log", "--json"
    )
    found = printed_json(checked)["receipt"]
    assert (found["member"], found["subject"], found["refused"]) == ("lund", decision, None)
    assert named.partition("/")[2] in found["event"]
    text = text_of(reader)
    for said in ("Gedeeltelijk erkend", "2,5 ECTS", "Minor *data* #science", "7 januari 2027", "Ada Jansen", "Lund"):
        assert said in text, said
    assert f"https://registry.lund.example/decisions/lund/{decision}" in text.replace(" ", "")


def test_a_refusal_carries_what_only_its_holder_may_know_and_names_the_credential_nowhere_else(
    made, applicant, tmp_path
):
    _, lund, _, refused, named = made
    file, _ = write(lund, refused, applicant, tmp_path, "--language", "de")
    reader = pypdf.PdfReader(file)
    [disclosure] = reader.attachments["disclosure.txt"][0].decode().split()
    about = disclosed(claims_digest([disclosure]), [disclosure])["credential"]
    assert f"{about['member']}/{about['credential']}" == named
    assert claims_digest([disclosure]) in _event(reader)
    assert about["credential"] not in _event(reader)
    text = text_of(reader)
    assert "Nicht anerkannt" in text
    assert "Das Niveau Ihrer Qualifikation ist niedriger" in text


def _event(reader):
    return TlogProof.parse(reader.attachments["receipt.tlog-proof"][0].decode()).event.decode()


def test_the_vault_knows_whom_a_letter_is_to_where_the_learner_is_the_offices_own(made, tmp_path):
    consortium, _, _, _, named = made
    decided = consortium.run("recognition", "decide", named, "--ects", "5").stdout.split()[1]
    consortium.run("project")
    file = tmp_path / "own.pdf"
    consortium.run("recognition", "letter", decided, "-o", file)
    assert "Dear Ada Jansen," in text_of(pypdf.PdfReader(file))


def test_an_applicant_may_come_by_standard_input_and_the_letter_go_to_standard_output(made, applicant):
    _, lund, decision, _, _ = made
    arguments = command("recognition", "letter", decision, "-o", "-", "--applicant", "-", home=lund)
    done = subprocess.run(arguments, input=applicant.read_bytes(), capture_output=True, check=True)
    assert "Ada Jansen" in text_of(pypdf.PdfReader(io.BytesIO(done.stdout)))


def test_a_cases_letter_is_in_the_applicants_language_with_its_number_its_note_and_the_last_day(made, tmp_path):
    _, lund, _, _, named = made
    person = ("--family-name", "Strömqvist #1", "--given-name", "Åsa", "--born", "1999-12-01", "--language", "sv-SE")
    opened = registry("case", "open", "--credential", named, *person, "--json", home=lund)
    number = printed_json(opened)["case"]["fileNumber"]
    nothing = registry("case", "letter", number, "-o", tmp_path / "none.pdf", home=lund, check=1)
    assert "no decision yet" in nothing.stderr
    for move in (
        ("complete", number),
        (
            "propose",
            number,
            "--outcome",
            "full",
            "--ects",
            5,
            "--towards",
            "Fysik",
            "--as",
            "k.berg",
            "--note",
            "Välkommen!",
        ),
        ("approve", number, "--as", "l.holm"),
        ("decide", number),
    ):
        registry("case", *move, home=lund)
    registry("project", home=lund)
    file = tmp_path / "case.pdf"
    registry("case", "letter", number, "-o", file, home=lund)
    text = text_of(pypdf.PdfReader(file))
    for said in ("Hej Åsa Strömqvist #1,", number, "Erkänns helt", "Välkommen!", "Sista dagen", "Fysik", "5 ECTS"):
        assert said in text, said
    registry("case", "letter", number, "-o", file, "-l", "en", home=lund)
    assert "Recognised in full" in text_of(pypdf.PdfReader(file))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"name": "A", "adress": []}', "adress"),
        ('{"name": "\u738b"}', "U+738B"),
    ],
)
def test_an_applicant_that_cannot_be_read_or_set_is_said_without_saying_who(made, tmp_path, content, says):
    _, lund, decision, _, _ = made
    file = tmp_path / "applicant.json"
    file.write_text(content)
    _, done = write(lund, decision, file, tmp_path, check=1)
    assert says in done.stderr
    assert not (tmp_path / "letter.pdf").exists()


def test_what_is_missing_for_a_letter_is_said(made, applicant, tmp_path):
    _, lund, decision, _, _ = made
    unknown = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
    assert "made no decision" in write(lund, unknown, applicant, tmp_path, check=1)[1].stderr
    assert "none of en, nl, pt" in write(lund, decision, applicant, tmp_path, "-l", "xx", check=2)[1].stderr
    nobody = registry("recognition", "letter", decision, "-o", tmp_path / "x.pdf", home=lund, check=1)
    assert "--applicant" in nobody.stderr
