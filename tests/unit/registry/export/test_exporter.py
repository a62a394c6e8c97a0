"""Exporting with facts, keys, places and a record that are passed in."""

import json
from datetime import date
from types import SimpleNamespace
from uuid import UUID

import msgspec
import pytest
from joserfc.jwk import ECKey, OKPKey

from registry.export.document import ExportError, Omission, StatusPlaces
from registry.export.exporter import AT_ONCE, MAX_INSIDE, MAX_INSIDE_BYTES, Exporter, ExportRequest, choose_tie
from registry.export.formats import FORMATS, FormatTable
from registry.export.holder import read_holder_key
from registry.export.paper import sheet
from registry.export.ports import CollectedPortfolio, CopyRefused, NotExportable
from tests.support.plain_document import SIGNER, TABLE, plain_format
from tests.support.portable import CREDENTIAL, LEARNER, credential, portfolio

DAY = date(2026, 6, 30)


class Facts:
    """The sample's credential under any id but those that are `refused`; remembers how many were asked for at once."""

    def __init__(self, refused=(), left_out=(), **changes):
        self.refused, self.left_out, self.changes, self.asked = refused, left_out, changes, []

    def read_credentials(self, credentials):
        self.asked.append(len(credentials))
        return {
            each: NotExportable("revoked", "It was revoked.")
            if each in self.refused
            else credential(credential=each, **self.changes)
            for each in credentials
        }

    def read_portfolio(self, learner):
        assert learner == LEARNER
        return CollectedPortfolio(portfolio(), self.left_out)


class Recorded(list):
    def record(self, copies):
        self.extend(copies)


class Places:
    def __init__(self):
        self.given = 0

    def allocate(self, credential, count):
        assert credential == CREDENTIAL
        self.given += count
        return [StatusPlaces("https://a/b/1", "https://a/t/1", self.given + index) for index in range(count)]


def no_key(profile):
    raise ExportError(f"no key of {profile} is announced")


def exporter(facts=None, find_signer=lambda _: SIGNER, places=None):
    recorded = Recorded()
    return Exporter(facts or Facts(), find_signer, recorded, lambda: DAY, places, TABLE), recorded


def request(name, **more):
    return ExportRequest(format=name, **more)


def jwk():
    return ECKey.generate_key("P-256").as_dict(private=False)


def test_a_document_carries_the_day_and_a_fresh_id_and_says_what_it_lacks():
    one, recorded = exporter()
    first, second = (one.export_credential(CREDENTIAL, request("plain")) for _ in range(2))
    copy = json.loads(first.exported.content)["copy"]
    assert (copy["issued"], copy["identifier"]) == ("2026-06-30", f"urn:uuid:{UUID(first.copy)}")
    assert first.copy != second.copy
    assert [each.path for each in first.exported.omitted] == ["claims.note"]
    assert [(each.copy, each.learner, each.credential, each.format, each.key) for each in recorded] == [
        (each.copy, LEARNER, CREDENTIAL, "plain", None) for each in (first, second)
    ]


def test_a_signed_document_has_a_place_in_the_status_lists_which_is_recorded_with_its_key():
    one, recorded = exporter(places=Places())
    document = one.export_credential(CREDENTIAL, request("open-badge"))
    written = json.loads(json.loads(document.exported.content)["document"])["copy"]["status"]
    assert written == {
        "bitstring_list": "https://a/b/1", "token_list": "https://a/t/1", "index": 1, "suspension_list": None
    }  # fmt: skip
    assert [(each.key, each.status.index) for each in recorded] == [("Kx0", 1)]


def test_an_unsigned_document_takes_no_place_in_the_status_lists():
    places = Places()
    one, recorded = exporter(places=places)
    one.export_credential(CREDENTIAL, request("plain"))
    assert (places.given, recorded[0].status) == (0, None)


def test_a_wallet_copy_has_the_holders_key_without_what_could_link_it_to_another():
    one, _ = exporter()
    key = jwk()
    document = one.export_credential(CREDENTIAL, request("bound", holder=key | {"kid": "mine", "use": "sig"}))
    assert json.loads(json.loads(document.exported.content)["document"])["copy"]["holder"] == {
        name: key[name] for name in ("kty", "crv", "x", "y")
    }


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"format": "nothing"}, "is not a format of a credential; there are: plain, open-badge, bound, paper"),
        ({"format": "bound"}, "is bound to the holder's key; pass that key"),
        ({"format": "plain", "profile": "open"}, "is not signed by an issuing key, so it has no profile"),
        ({"format": "plain", "holder": {}}, "so it cannot be bound to a holder's key"),
        ({"format": "open-badge", "profile": "eudi"}, "is not made in the profile eudi, only in open"),
        ({"format": "open-badge", "holder": {"kty": "RSA"}}, "must be a JWK of EC P-256 or OKP Ed25519"),
    ],
)
def test_a_request_that_fits_no_format_is_refused_before_any_fact_is_read(asked, reason):
    facts = Facts()
    one, recorded = exporter(facts)
    with pytest.raises(ExportError, match=reason):
        one.export_credential(CREDENTIAL, ExportRequest(**asked))
    assert (facts.asked, recorded) == ([], [])


def test_without_an_issuing_key_a_signed_document_is_refused_and_a_certificate_says_what_is_not_inside():
    one, recorded = exporter(find_signer=no_key)
    with pytest.raises(ExportError, match="no key of open is announced"):
        one.export_credential(CREDENTIAL, request("open-badge"))
    paper = one.export_credential(CREDENTIAL, request("paper", language="nl"))
    assert json.loads(paper.exported.content)["inside"] == []
    assert [(each.path, "no key of open" in each.reason) for each in paper.exported.omitted] == [
        ("attachments.credential", True)
    ]
    assert [each.format for each in recorded] == ["paper"]


def test_the_signed_credential_inside_a_certificate_is_a_copy_of_its_own():
    one, recorded = exporter(places=Places())
    paper = one.export_credential(CREDENTIAL, request("paper", language="nl"))
    assert json.loads(paper.exported.content) == {
        "language": "nl", "inside": ["credential.signed"], "day": "2026-06-30", "id": CREDENTIAL,
    }  # fmt: skip
    assert [(each.format, each.status is None) for each in recorded] == [("open-badge", False), ("paper", True)]


def test_one_credential_that_cannot_be_exported_stops_no_other():
    ids = [str(UUID(int=number)) for number in range(AT_ONCE + 3)]
    facts = Facts(refused=[ids[1]])
    one, recorded = exporter(facts)
    outcomes = dict(one.export_credentials(ids, request("plain")))
    assert list(outcomes) == ids
    assert [each for each, outcome in outcomes.items() if isinstance(outcome, NotExportable)] == [ids[1]]
    assert len(recorded) == len(ids) - 1
    assert facts.asked == [AT_ONCE, 3]


def test_a_format_that_cannot_write_a_credential_says_why_and_the_next_is_written():
    content = SimpleNamespace(title={"en": "Impossible"})
    one, recorded = exporter(Facts(achievement=content))
    [(_, outcome)] = one.export_credentials([CREDENTIAL], request("plain"))
    assert outcome == NotExportable("not-possible", "this title cannot be written")
    assert recorded == []


class Refusing(Recorded):
    """Records as the database does: all or none. It refuses copies of one credential."""

    def __init__(self, refused):
        super().__init__()
        self._refused = refused

    def record(self, copies):
        if any(copy.credential == self._refused for copy in copies):
            raise CopyRefused("the learner was erased just now")
        super().record(copies)


def test_one_learner_whose_documents_are_not_recorded_stops_no_other():
    ids = [str(UUID(int=number)) for number in range(3)]
    recorded = Refusing(ids[1])
    one = Exporter(Facts(), lambda _: SIGNER, recorded, lambda: DAY, None, TABLE)
    outcomes = dict(one.export_credentials(ids, request("paper")))
    assert list(outcomes) == ids
    assert outcomes[ids[1]] == NotExportable("not-possible", "the learner was erased just now")
    assert {copy.credential for copy in recorded} == {ids[0], ids[2]}
    assert [copy.format for copy in recorded] == ["open-badge", "paper"] * 2
    with pytest.raises(ExportError, match="erased just now"):
        one.export_credential(ids[1], request("plain"))


def test_a_refused_credential_raises_its_reason():
    one, _ = exporter(Facts(refused=[CREDENTIAL]))
    with pytest.raises(ExportError, match=r"^It was revoked\.$"):
        one.export_credential(CREDENTIAL, request("plain"))


def test_a_portfolio_says_which_credentials_are_not_in_it():
    one, recorded = exporter(Facts(left_out=[Omission("credentials[x]", "It was revoked.")]))
    document = one.export_portfolio(LEARNER, request("plain"))
    assert [each.path for each in document.exported.omitted] == ["credentials[x]"]
    assert [(each.learner, each.credential) for each in recorded] == [(LEARNER, None)]


def test_no_person_is_in_what_a_document_prints_of_itself():
    one, _ = exporter()
    document = one.export_credential(CREDENTIAL, request("plain"))
    assert repr(document) == f"Document({document.copy}, plain)"


@pytest.mark.parametrize("curve", ["P-256", "Ed25519"])
def test_a_public_key_of_either_curve_is_a_holders_key(curve):
    made = (ECKey if curve == "P-256" else OKPKey).generate_key(curve)
    public = made.as_dict(private=False)
    assert read_holder_key(public) == {name: public[name] for name in ("kty", "crv", "x", "y") if name in public}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"d": "AAAA"}, "has its private part"),
        ({"x": "AAAA"}, "is not a public key of P-256"),
        ({"x": None}, "is not a public key of P-256: a member of the key is not text"),
        ({"y": "A" * 90}, "is not a public key of P-256: a member of the key is not text of the length"),
        ({"crv": "P-384"}, "must be a JWK of EC P-256 or OKP Ed25519"),
    ],
)
def test_a_key_that_is_no_public_key_is_refused(changes, reason):
    with pytest.raises(ExportError, match=reason):
        read_holder_key(jwk() | changes)


def test_a_point_that_is_not_on_the_curve_is_refused():
    key = jwk()
    with pytest.raises(ExportError, match="is not a public key of P-256"):
        read_holder_key(key | {"x": key["y"]})


def test_a_tie_to_the_log_is_the_usual_one_of_the_format_or_one_that_it_can_have():
    badge, paper = FORMATS.find("open-badge", "credential"), FORMATS.find("pdf", "credential")
    assert [choose_tie(badge, None), choose_tie(badge, "open"), choose_tie(paper, None)] == ["none", "open", "open"]
    with pytest.raises(ExportError, match="cannot have the tie none to the log, only: open"):
        choose_tie(paper, "none")


TRANSCRIPTS = FormatTable(
    [
        *TABLE.list_formats("credential"),
        plain_format("paper", "write_transcript", "facts", "copy", "language", "attachments", content="portfolio"),
    ]
)


def transcripts(count, find_signer=lambda _: SIGNER):
    """An exporter of transcripts of a learner with a number of credentials."""
    facts, recorded = Facts(), Recorded()
    credentials = [credential() for _ in range(count)]
    everything = msgspec.structs.replace(portfolio(), credentials=credentials)
    facts.read_portfolio = lambda _: CollectedPortfolio(everything, ())
    return Exporter(facts, find_signer, recorded, lambda: DAY, Places(), TRANSCRIPTS), recorded


def test_a_transcript_holds_each_signed_credential_which_has_its_own_record_and_status():
    one, recorded = transcripts(2)
    document = one.export_portfolio(LEARNER, request("paper"))
    assert json.loads(document.exported.content)["inside"] == ["01-credential.signed", "02-credential.signed"]
    assert sorted((each.format, each.key, each.status and each.status.index) for each in recorded) == [
        ("open-badge", "Kx0", 1), ("open-badge", "Kx0", 2), ("paper", None, None)
    ]  # fmt: skip


def test_a_transcript_holds_receipts_where_no_key_can_sign_and_says_what_is_missing():
    one, _ = transcripts(1, no_key)
    document = one.export_portfolio(LEARNER, request("paper"))
    assert json.loads(document.exported.content)["inside"] == ["01-receipt.tlog-proof"]
    assert [each.path for each in document.exported.omitted] == ["attachments.credential"]


def test_a_transcript_holds_as_many_credentials_as_a_pdf_can_and_says_that_others_are_missing():
    one, _ = transcripts(MAX_INSIDE + 1)
    document = one.export_portfolio(LEARNER, request("paper"))
    assert len(json.loads(document.exported.content)["inside"]) == MAX_INSIDE == sheet.MAX_ATTACHMENTS
    assert MAX_INSIDE_BYTES == sheet.MAX_ATTACHED_BYTES
    assert [each.path for each in document.exported.omitted] == ["attachments.credential"]
