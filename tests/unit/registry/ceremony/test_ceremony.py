"""The ceremony: what is proposed, what its signers read, and what must not be let in."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from consumers.governance.governance import GovernanceFold
from registry.ceremony import ceremony
from registry.ceremony.act_words import describe, signatures_needed
from registry.ceremony.ceremony import AlreadyPublished, CeremonyRefused, GovernanceOnLog, Proposal
from registry.cli.consortium.member_content import TEMPLATE, convert
from registry.domain.membership import Consortium as Acts
from registry.keys import key_proof
from registry.rules.governance import Governance
from registry.values import elm_codes
from registry.values.countries import COUNTRIES
from registry.wire import governance as wire
from registry.wire.checkpoint import Checkpoint
from registry.wire.keys import Ed25519Signer, VerifierKey
from registry.wire.merkle import EMPTY_ROOT, Tree, leaf_hashes
from tests.support.streams import CONSORTIUM, Consortium

NOW = datetime(2026, 5, 4, tzinfo=UTC)
HEAD = wire.head(0, EMPTY_ROOT)
IDENTITY = (1).to_bytes(32, "little")
"""A key of small order: anybody signs by it."""


@pytest.fixture
def consortium():
    return Consortium("twente")


def known(consortium):
    fold = GovernanceFold(CONSORTIUM, consortium.founded)
    for record in consortium.records:
        fold.take(record)
    return GovernanceOnLog(fold.state, fold.tree, None, fold.leaves)


def admission(name, *keys, **more):
    values = {"legal_name": "Porto", "country": "PT", "identifiers": [], "accreditations": []} | more
    return wire.MemberAdmitted(name, keys=[str(key) for key in keys], roles=["issuer"], **values)


def by_somebody_else(have, act):
    """A proposal that was made by other software, which does not look at keys."""
    acts = Acts(have.state, have.tree.size)
    acts.act(act, "2026-05-04T00:00:00Z")
    after = have.tree.extend(leaf_hashes(acts.lines))
    checkpoint = str(Checkpoint(CONSORTIUM, after.size, after.root))
    return Proposal(CONSORTIUM, "2026-05-04T00:00:00Z", checkpoint, [line.decode() for line in acts.lines])


def check(proposal, have):
    return ceremony.check(proposal, have, lambda _member, _head: None, NOW)


def weak(name):
    return str(VerifierKey.of(name, IDENTITY))


@pytest.mark.parametrize(
    "act",
    [
        admission("porto", weak(f"{CONSORTIUM}/porto")),
        wire.MemberKeyAdded("twente", weak(f"{CONSORTIUM}/twente"), HEAD),
        wire.RootKeysRotated([weak(CONSORTIUM)], 1),
    ],
    ids=lambda act: type(act).__name__,
)
def test_a_key_by_which_anybody_can_sign_is_neither_proposed_nor_signed(consortium, act):
    have = known(consortium)
    with pytest.raises(CeremonyRefused, match="anybody can sign by it"):
        ceremony.propose(have, [act], NOW)
    with pytest.raises(CeremonyRefused, match="anybody can sign by it"):
        check(by_somebody_else(have, act), have)


def test_nor_does_a_consortium_begin_with_one():
    nothing = GovernanceOnLog(Governance(CONSORTIUM), Tree())
    with pytest.raises(CeremonyRefused, match="anybody can sign by it"):
        ceremony.propose(nothing, [wire.ConsortiumFounded(CONSORTIUM, [weak(CONSORTIUM)], 1)], NOW)


def test_a_key_is_proven_by_its_own_proof_alone(consortium):
    have = known(consortium)
    signer, other = (Ed25519Signer.generate(f"{CONSORTIUM}/porto") for _ in range(2))
    act = admission("porto", signer.vkey)
    proven = ceremony.propose(have, [act], NOW, [key_proof.prove(signer)])
    assert ceremony.find_unproven(Proposal.read(bytes(proven)), have) == []
    assert ceremony.find_unproven(ceremony.propose(have, [act], NOW, [key_proof.prove(other)]), have) == [signer.vkey]
    forged = msgspec.structs.replace(proven, proofs=[f"{signer.vkey}:{key_proof.prove(other).proof}"])
    with pytest.raises(CeremonyRefused, match="is wrong"):
        ceremony.find_unproven(forged, have)


def test_what_stands_on_the_log_already_is_said_to_with_its_place(consortium):
    have = known(consortium)
    signer = Ed25519Signer.generate(f"{CONSORTIUM}/porto")
    proposal = ceremony.propose(have, [admission("porto", signer.vkey)], NOW)
    consortium.seal(*proposal.lines)
    with pytest.raises(AlreadyPublished, match="as entry 3 of governance"):
        check(proposal, known(consortium))
    with pytest.raises(AlreadyPublished):
        ceremony.check(proposal, known(consortium), lambda *_: None, NOW + timedelta(days=9))


def test_a_log_that_went_on_otherwise_is_no_publication_of_it(consortium):
    have = known(consortium)
    signer = Ed25519Signer.generate(f"{CONSORTIUM}/porto")
    proposal = ceremony.propose(have, [admission("porto", signer.vkey)], NOW)
    consortium.seal(consortium.admission("lund"))
    with pytest.raises(CeremonyRefused, match="propose it again"):
        check(proposal, known(consortium))


def test_signers_read_what_changes_field_by_field(consortium):
    have = known(consortium)
    before = have.state.members["twente"].content
    values = {field: getattr(before, field) for field in wire.MemberRevised.__struct_fields__}
    after = wire.MemberRevised(**(values | {"homepage": "https://new.example", "legal_name": "New"}))
    [sentence] = check(ceremony.propose(have, [after], NOW), have)
    assert f'legalName: "{before.legal_name}" → "New"' in sentence
    assert 'homepage: none → "https://new.example"' in sentence
    assert "country" not in sentence
    [nothing] = check(by_somebody_else(have, wire.MemberRevised(**values)), have)
    assert "nothing changes" in nothing


def test_a_key_is_shown_by_its_name_and_id_also_where_its_text_holds_a_plus():
    signer = next(
        signer for signer in (Ed25519Signer.generate(f"{CONSORTIUM}/porto") for _ in range(1000))
        if "+" in str(signer.vkey).split("+", 2)[2]
    )  # fmt: skip
    sentence = describe(admission("porto", signer.vkey), None)
    assert sentence.endswith(f"signing with {CONSORTIUM}/porto+{signer.vkey.key_id.hex()}.")


def test_numbers_agree_with_their_nouns():
    assert signatures_needed(1, 2) == "1 signature, 2 are needed"
    assert signatures_needed(3, 1) == "3 signatures, 1 is needed"
    voided = wire.MemberRangeVoided("twente", 4, 5, wire.head(5, EMPTY_ROOT), "publishedByMistake")
    assert describe(voided, None).startswith("Void the event 4 of twente")


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        (lambda key: admission("porto", key, country="Portugal"), "country must be two capital letters"),
        (lambda key: admission("Porto", key), "member must be a member's short name"),
        (lambda _: wire.MemberSuspended("twente", HEAD, "because"), "reason must be one of accreditationLost"),
        (lambda _: admission("porto", Ed25519Signer.generate("elsewhere").vkey), "signs as elsewhere, not as"),
        (lambda _: wire.RootKeysRotated([], 1), "rootKeys must not be empty"),
    ],
)
def test_what_is_wrong_with_an_act_is_said_in_plain_words(consortium, act, problem):
    key = Ed25519Signer.generate(f"{CONSORTIUM}/porto").vkey
    with pytest.raises(CeremonyRefused, match=problem):
        ceremony.propose(known(consortium), [act(key)], NOW)


def garbled():
    good = {"consortium": CONSORTIUM, "proposed": "2026-05-04T00:00:00Z", "checkpoint": "x", "events": []}
    yield from (b"", b"[]", b"\xff\xfe", b"null", b"[" * 100_000, b'{"consortium": 1}', b"{" * 5)
    for change in ({"proposed": "soon"}, {"proposed": "2026-05-04"}, {"events": "x"}, {"format": "2"}, {"more": 1}):
        yield msgspec.json.encode(good | change)


@pytest.mark.parametrize("data", list(garbled()), ids=lambda data: data[:40].decode(errors="replace"))
def test_what_is_no_proposal_is_refused(data):
    with pytest.raises(CeremonyRefused):
        Proposal.read(data)


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint": "x"},
        {"checkpoint": f"{CONSORTIUM}\n3\nAAAA\n"},
        {"events": []},
        {"events": ["", ""]},
        {"proposed": "0001-01-01T00:00:00+23:59"},
        {"proposed": "9999-12-31T23:59:59-23:59"},
        {"signatures": ["x"]},
        {"proofs": ["x"]},
    ],
)
def test_a_proposal_that_was_altered_is_refused(consortium, change):
    have = known(consortium)
    signer = Ed25519Signer.generate(f"{CONSORTIUM}/porto")
    proposal = ceremony.propose(have, [admission("porto", signer.vkey)], NOW)
    altered = msgspec.structs.replace(proposal, **change)

    def sign():
        check(altered, have)
        ceremony.find_unproven(altered, have)
        ceremony.signed_by(altered, have)

    with pytest.raises(CeremonyRefused):
        sign()


@pytest.mark.parametrize("name", ["TU\nDelft", "TU Delft\u202e", "TU\u200b Delft", " TU Delft", "TU  Delft"])
def test_a_name_that_looks_like_another_is_neither_proposed_nor_signed(consortium, name):
    have = known(consortium)
    act = admission("porto", Ed25519Signer.generate(f"{CONSORTIUM}/porto").vkey, legal_name=name)
    with pytest.raises(CeremonyRefused, match="the legal name"):
        ceremony.propose(have, [act], NOW)
    with pytest.raises(CeremonyRefused, match="the legal name"):
        check(by_somebody_else(have, act), have)


@pytest.mark.parametrize("country", ["XX", "EL", "UK", "ZZ"])
def test_a_country_that_does_not_exist_is_neither_proposed_nor_signed(consortium, country):
    have = known(consortium)
    act = admission("porto", Ed25519Signer.generate(f"{CONSORTIUM}/porto").vkey, country=country)
    with pytest.raises(CeremonyRefused, match=f"there is no country {country}"):
        ceremony.propose(have, [act], NOW)
    with pytest.raises(CeremonyRefused, match=f"there is no country {country}"):
        check(by_somebody_else(have, act), have)


def test_the_country_codes_are_those_of_iso_3166_and_kosovos():
    assert len(COUNTRIES) == 250
    assert {*elm_codes.COUNTRIES.values(), "XK", "US", "ZW"} <= COUNTRIES


def test_a_members_content_to_fill_in_needs_its_key_alone(consortium):
    signer = Ed25519Signer.generate(f"{CONSORTIUM}/delft")
    act = convert({**TEMPLATE, "keys": [str(signer.vkey)]}, wire.MemberAdmitted)
    ceremony.propose(known(consortium), [act], NOW, [key_proof.prove(signer)])
