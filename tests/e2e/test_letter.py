"""Letters from end to end: written by a node's command, read by software that is not ours, checked offline."""

import io
import json
import subprocess
import uuid

import pypdf
import pytest

from consumers.proofs.opened_claims import open_claims
from registry.domain.case_errors import UnknownCase
from registry.letters import Addressee, CannotWrite, NoSuchDecision
from registry.letters.composing import LetterRequest
from registry.node.adapters.letters import Letters
from registry.node.adapters.office import office_of
from registry.node.node import open_node
from registry.office.assessments.assessment import AssessedCredential, Assessment, ProposedGrant
from registry.office.assessments.comparison import compare
from registry.office.assessments.offered import Offered, Requirement
from registry.office.cases.applicants import Applicant
from registry.office.cases.opening import Application, SubmittedCredential
from registry.wire.disclosures import InvalidDisclosure, claims_digest, disclosure, open_disclosures, salts
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.proof import TlogProof
from registry.wire.recognition import Basis, Grant, Ground, RecognitionDecided, Towards
from tests.bench.data import achievement
from tests.support.command import Consortium, command, printed_json, registry
from tests.support.node import request


class Lund:
    """A node that decides about what twente issued. All but what is tried here is done in this process."""

    def __init__(self, folder, server):
        self.consortium = Consortium(folder, server)
        self.home = self.consortium.join("lund")
        settings = self.home / "registry.toml"
        settings.write_text('public_url = "https://registry.lund.example/"\n' + settings.read_text())
        self.achievement = str(uuid.uuid4())
        with open_node(self.consortium.home) as twente:
            twente.registry.achievements.publish(achievement("twente", self.achievement))
            [issued] = twente.issuer.issue([request(0, self.achievement)])
            self.credential = issued.credential
            twente.publisher().publish_pending()
        self.openly = self.decide("creditTransfer", PARTIAL)
        self.hidden = self.decide("admission", REFUSED)

    def decide(self, purpose, grant, home=None):
        """A decision of this office's, published and seen by its own node."""
        named = {"member": "twente", "credential": self.credential}
        openly = purpose == "creditTransfer"
        said = None if openly else disclosure(salts(1), "credential", named)
        basis = Basis(
            "onLog",
            VersionedRef("twente", self.achievement, 1),
            CredentialRef(**named) if openly else None,
            None if said is None else claims_digest([said]),
        )
        data = RecognitionDecided(str(uuid.uuid4()), purpose, "binding", [basis], [grant], "2026-11-26")
        with open_node(home or self.home) as node:
            node.registry.recognition.decide(data, [] if said is None else [said])
            node.publisher().publish_pending()
            node.projector().step()
        return data.decision

    def letter(self, decision, *arguments, **how):
        return registry("recognition", "letter", decision, *arguments, home=self.home, **how)

    def written(self, decision, language="en", **more):
        """A letter that is written in this process."""
        asked = LetterRequest(language, Addressee("Ada Jansen", ["Hengelosestraat 1"]), **more)
        with open_node(self.home) as node:
            return written(node, decision, asked)


PARTIAL = Grant(
    [0], "partial", "recognised", "none", Towards(title={"en": "Minor *data* #science"}), 2.5,
    grounds=[Ground("workload", "substantiallyLess")],
)  # fmt: skip
REFUSED = Grant([0], "refused", "recognised", "none", grounds=[Ground("level", "lowerLevel")])


@pytest.fixture(scope="module")
def lund(tmp_path_factory, postgres):
    return Lund(tmp_path_factory.mktemp("letters"), postgres)


def written(node, decision, asked=LetterRequest("en")):  # noqa: B008 - frozen
    letters = Letters(node)
    return read(letters.render(letters.of_decision(decision, asked)))


def read(letter):
    return pypdf.PdfReader(io.BytesIO(letter))


def text_of(reader):
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


def test_the_receipt_inside_a_letter_is_good_and_is_about_its_decision(lund, tmp_path):
    file, applicant = tmp_path / "letter.pdf", tmp_path / "applicant.json"
    applicant.write_text(json.dumps({"familyName": "Jansen", "givenName": "Ada", "address": "Hengelosestraat 1"}))
    said = lund.letter(
        lund.openly, "-o", file, "--applicant", applicant, "--language", "nl", "--appeal-until", "2027-01-07"
    )
    assert "Ada" not in said.stdout + said.stderr
    file.chmod(0o644)
    lund.letter(lund.openly, "-o", file, "--applicant", applicant, "--language", "nl", "--appeal-until", "2027-01-07")
    assert file.stat().st_mode & 0o777 == 0o600
    reader = pypdf.PdfReader(file)
    assert set(reader.attachments) == {"receipt.tlog-proof"}
    receipt = tmp_path / "found.tlog-proof"
    receipt.write_bytes(reader.attachments["receipt.tlog-proof"][0])
    log, founded = lund.consortium.folder / "log", lund.consortium.founded
    checked = registry("receipt", "verify", receipt, "--founded", founded, "--governance", log, "--json", check=5)
    found = printed_json(checked)["receipt"]
    assert (found["member"], found["subject"], found["refused"]) == ("lund", lund.openly, None)
    assert lund.credential in found["event"]
    text = text_of(reader)
    for said in ("Gedeeltelijk erkend", "2,5 ECTS", "Minor *data* #science", "7 januari 2027", "Ada Jansen", "Lund"):
        assert said in text, said
    assert f"https://registry.lund.example/decisions/lund/{lund.openly}" in text.replace(" ", "")


def test_a_refusal_carries_what_only_its_holder_may_know_and_names_the_credential_nowhere_else(lund):
    reader = lund.written(lund.hidden, "de")
    [said] = reader.attachments["disclosure.txt"][0].decode().split()
    about = open_disclosures(claims_digest([said]), [said])["credential"]
    assert about == {"member": "twente", "credential": lund.credential}
    event = TlogProof.parse(reader.attachments["receipt.tlog-proof"][0].decode()).event.decode()
    assert claims_digest([said]) in event
    assert lund.credential not in event
    assert open_claims(event, [said]) == {"credentials": [about]}
    with pytest.raises(InvalidDisclosure, match="not one that the decision commits to"):
        open_claims(event, [disclosure("x" * 24, "credential", about)])
    text = text_of(reader)
    assert "Nicht anerkannt" in text
    assert "Die Qualifikation hat ein niedrigeres Niveau" in text
    assert "30. Juni 2026" in text


def test_the_vault_knows_whom_a_letter_is_to_where_the_learner_is_the_offices_own(lund):
    home = lund.consortium.home
    own = lund.decide("creditTransfer", PARTIAL, home)
    with open_node(home) as twente:
        assert "Dear Ada Jansen," in text_of(written(twente, own))
    with open_node(lund.home) as node, pytest.raises(CannotWrite, match="--applicant"):
        Letters(node).of_decision(lund.openly, LetterRequest("en"))


def test_an_applicant_may_come_by_standard_input_and_the_letter_go_to_standard_output(lund):
    arguments = command("recognition", "letter", lund.openly, "-o", "-", "--applicant", "-", home=lund.home)
    done = subprocess.run(
        arguments, input=b'{"familyName": "Jansen", "givenName": "Ada"}', capture_output=True, check=True
    )
    assert "Ada Jansen" in text_of(read(done.stdout))


def test_a_cases_letter_is_in_the_applicants_language_with_its_number_its_note_and_the_last_day(lund, tmp_path):
    person = Applicant("Strömqvist #1", "Åsa", "1999-12-01", language="sv-SE", address="Storgatan 1\n211 41 Malmö")
    with open_node(lund.home) as node:
        office = office_of(node)
        subject = SubmittedCredential(credential=CredentialRef("twente", lund.credential))
        case = office.open(Application(person, [subject], "creditTransfer"), "desk").case
        assert Letters(node).of_case(case).kind == "receipt"
        with pytest.raises(UnknownCase, match="no decision yet"):
            Letters(node).of_case(case, None, "decision")
        office.complete(case, "desk")
        full = Grant([0], "full", "recognised", "none", Towards(title={"en": "Physics", "sv": "Fysik"}), 5)
        offered, requirement = (
            Offered(issuer="twente", member=True, title={"en": "Optics"}, eqf_level=7, ects=5),
            Requirement(eqf_level=6, ects=5),
        )
        assessed = AssessedCredential(offered, requirement, compare(offered, requirement))
        office.assess(case, Assessment("creditTransfer", "binding", [assessed], [ProposedGrant(full)]), "k.berg")
        office.propose(case, [], "k.berg", text="Välkommen!")
        office.approve(case, "l.holm", proposal_id=node.registry.case(case).proposal_id)
        office.decide(case, "desk")
        with pytest.raises(CannotWrite, match="have the views read it"):
            Letters(node).of_case(case)  # which cannot prove yet what it says
        node.publisher().publish_pending()
        node.projector().step()
        number = office.line(node.registry.case(case)).file_number
        letters = Letters(node)
        assert "Recognised in full" in text_of(read(letters.render(letters.of_case(case, "en"))))
    file = tmp_path / "case.pdf"
    registry("case", "letter", number, "-o", file, home=lund.home)
    text = text_of(pypdf.PdfReader(file))
    for said in (
        "Hej Åsa Strömqvist #1,",
        number,
        "Erkänns helt",
        "Välkommen!",
        "Sista dagen",
        "Fysik",
        "Det som vi kräver",
        "EQF-nivå 6",
        "211 41 Malmö",
    ):
        assert said in text, said


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ('{"familyName": "A", "adress": ""}', 2, "adress"),
        ('{"familyName": "A", ', 2, "is not JSON"),
        ('{"familyName": "Ada \u738b"}', 1, "U+738B"),
    ],
)
def test_an_applicant_that_cannot_be_read_or_set_is_said_without_saying_who(lund, tmp_path, content, code, says):
    file = tmp_path / "applicant.json"
    file.write_text(content)
    done = lund.letter(lund.openly, "-o", tmp_path / "letter.pdf", "--applicant", file, check=code)
    assert says in done.stderr
    assert "Ada" not in done.stderr
    assert not (tmp_path / "letter.pdf").exists()


def test_a_decision_that_is_not_this_offices_or_a_language_that_is_not_there_is_said(lund, tmp_path):
    with open_node(lund.home) as node, pytest.raises(NoSuchDecision, match="made no decision"):
        Letters(node).of_decision(str(uuid.uuid4()), LetterRequest("en", Addressee("A")))
    wrong = lund.letter(lund.openly, "-o", tmp_path / "x.pdf", "-l", "xx", check=2)
    assert "not one of en, nl, pt" in wrong.stderr
