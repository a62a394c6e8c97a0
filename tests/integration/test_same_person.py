"""Who is the same person: one spelling of a number, and a known number with another person behind it."""

import threading

import msgspec
import pytest

from registry.application.held_rows import AlreadyDecided, HeldRows, UnknownHeldRow
from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.requests import Issued, NotIssued
from registry.batches import BatchStore
from registry.domain.errors import Refusal
from registry.learners.erasure import erase
from registry.learners.moves import read_issued_data
from registry.learners.numbers import find_former_owners, find_learner
from registry.wire.disclosures import open_disclosures
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request, vault_of

SARA = {"family_name": "Ahmed", "given_name": "Sara", "date_of_birth": "2001-05-05"}
PETR = {"family_name": "Novak", "given_name": "Petr", "date_of_birth": "1979-11-30"}


@pytest.fixture
def node(dsn):
    made = TestNode(dsn, MemoryLog())
    yield made
    made.close()


@pytest.fixture
def batch_store(node, tmp_path):
    return BatchStore(node.dsn, node.registry.vault, tmp_path / "spool")


def said(node, credential):
    node.publisher().publish_pending()
    held = node.registry.vault.read_disclosures(node.registry.cursor(), credential)
    return open_disclosures(read_issued_data(node.registry, credential).claims, held)


def waiting(node):
    return list(HeldRows(node.registry).waiting())


def version_of(node, record):
    return HeldRows(node.registry).read(record).version


def ask(number, achievement, student="7000123", **person):
    return request(number, achievement, student=student, **person)


@pytest.mark.parametrize(
    "spelling", ["s7002\u200b", "\ufeffs7002", "s7002\u00ad", " s7002\u00a0", "s7002 ", "s70\u206002"]
)
def test_one_number_in_many_spellings_is_one_learner(node, spelling):
    achievement = node.offer()
    first = node.issuer.issue([ask(1, achievement, "s7002", **SARA)])[0]
    second = node.issuer.issue([ask(2, achievement, spelling, **SARA)])[0]
    assert second.learner == first.learner
    assert said(node, second.credential)["studentNumber"] == "s7002"
    assert find_learner(node.registry, spelling).learner.learner == first.learner


def test_a_record_in_another_spelling_is_the_same_row(node):
    achievement = node.offer()
    first = node.issuer.issue([request(1, achievement)])[0]
    again = node.issuer.issue([request(1, achievement, record="row-1\u200b")])[0]
    assert again == Issued("row-1", first.credential, first.learner, unchanged=True)
    assert node.issuer.find_credential(" row-1") == first.credential


def test_what_an_earlier_version_stored_in_a_spelling_of_its_own_is_found_and_unchanged(node, monkeypatch):
    achievement = node.offer()
    row = ask(1, achievement, "s7002\u200b", record="row-1\u200b", **SARA)
    with monkeypatch.context() as earlier:
        earlier.setattr("registry.application.requests.IssueRequest.normalise", lambda self: self)
        [old] = node.issuer.issue([row])
    [again] = node.issuer.issue([row])
    assert (again.credential, again.unchanged) == (old.credential, True)
    [another] = node.issuer.issue([ask(2, achievement, "s7002\u200b", **SARA)])
    assert another.learner == old.learner
    assert node.issuer.find_credential("row-1\u200b") == old.credential


def test_the_digest_of_an_ordinary_row_is_that_of_earlier_versions(node):
    achievement = node.offer()
    row = request(1, achievement, grade="8.5", national_id="1234")
    node.issuer.issue([row])
    stored = node.registry.cursor().execute("SELECT content FROM vault.records").fetchone()
    assert stored["content"] == node.registry.vault.digest(msgspec.json.encode(row))


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("student", "8,9652E+15", "scientific"),
        ("student", "\u200b", "empty"),
        ("record", "9.1E+12", "scientific"),
        ("national_id", "1.2E+10", "scientific"),
        ("family_name", "#NAME?", "error value"),
        ("given_name", "-", "placeholder"),
        ("given_name", "M\ufffdller", "lost"),
        ("date_of_birth", "0001-01-01", "before 1900"),
        ("date_of_birth", "2999-01-01", "future"),
        ("date_of_birth", "2001-02-30", "not a date"),
        ("awarding_date", "1999-01-01", "after the date of birth"),
    ],
)
def test_what_cannot_be_right_is_refused_however_the_request_was_built(node, field, value, why):
    achievement = node.offer()
    stored = node.stored()
    [outcome, good] = node.issuer.issue([request(1, achievement, **{field: value}), request(2, achievement)])
    assert isinstance(outcome, NotIssued)
    assert (outcome.code, outcome.field) == ("invalid", field)
    assert why in outcome.detail
    assert isinstance(good, Issued)
    assert node.stored() == stored + 1
    [checked] = node.issuer.check_all([request(3, achievement, **{field: value})])
    assert checked.code == "invalid"


def test_a_spoilt_number_is_adopted_by_nobody(node):
    with pytest.raises(Refusal, match="scientific"):
        node.issuer.adopt("8.9E+15", "2afda2b4-a247-4f0f-aedd-e040beb58eab")


@pytest.mark.parametrize(("family", "given"), [("", "Suharto"), ("Sukarno", "")])
def test_a_person_with_one_name_has_no_claim_of_the_other(node, family, given):
    achievement = node.offer()
    [issued] = node.issuer.issue([request(1, achievement, family_name=family, given_name=given)])
    claims = said(node, issued.credential)
    assert claims.get("familyName", "") == family
    assert claims.get("givenName", "") == given
    assert len(claims) == 3
    [neither] = node.issuer.issue([request(2, achievement, family_name="", given_name="")])
    assert (neither.code, neither.field) == ("invalid", "family_name")


def test_two_persons_under_one_number_in_one_file_are_told_apart(node):
    achievement = node.offer()
    sara, petr, other = node.issuer.issue(
        [ask(1, achievement, **SARA), ask(2, achievement, **PETR), request(3, achievement)]
    )
    assert isinstance(sara, Issued)
    assert isinstance(other, Issued)
    assert (petr.code, petr.field) == ("person-differs", "student")
    assert petr.persons.known_person == {"familyName": "Ahmed", "givenName": "Sara", "dateOfBirth": "2001-05-05"}
    assert "Petr Novak, born 1979-11-30" in petr.explanation
    assert "Sara Ahmed, born 2001-05-05" in petr.explanation
    for word in ("Novak", "Petr", "1979", "Ahmed", "7000123"):
        assert word not in petr.detail
        assert word not in repr(petr)
    [held] = waiting(node)
    assert (held.record, held.learner, held.differs) == ("row-2", sara.learner, ("dateOfBirth", "name"))


def test_two_persons_are_told_apart_across_batches_of_a_file_and_in_a_dry_run(node):
    achievement = node.offer()
    rows = [
        ask(1, achievement, **SARA),
        *(request(n, achievement) for n in range(2, 1500)),
        ask(1500, achievement, **PETR),
    ]
    checked = list(node.issuer.check_all(rows))
    assert [one.record for one in checked if isinstance(one, NotIssued)] == ["row-1500"]
    assert waiting(node) == []
    outcomes = list(node.issuer.issue_all(rows))
    assert [one.code for one in outcomes if isinstance(one, NotIssued)] == ["person-differs"]


@pytest.mark.parametrize(
    "person",
    [
        {"family_name": "Ahmed-Berg", "given_name": "Sara", "date_of_birth": "2001-05-05"},
        {"family_name": "AHMED", "given_name": "Sára", "date_of_birth": "2001-05-05"},
        {"family_name": "Sara", "given_name": "Ahmed", "date_of_birth": "2001-05-05"},
        {"family_name": "", "given_name": "Sara", "date_of_birth": "2001-05-05"},
    ],
)
def test_a_name_that_changed_a_little_is_the_same_person(node, person):
    achievement = node.offer()
    first, second = node.issuer.issue([ask(1, achievement, **SARA), ask(2, achievement, **person)])
    assert second.learner == first.learner


@pytest.mark.parametrize(
    "person", [SARA | {"date_of_birth": "2001-05-06"}, SARA | {"family_name": "Novak", "given_name": "Petr"}]
)
def test_another_birth_date_or_a_wholly_different_name_alone_is_held(node, person):
    achievement = node.offer()
    node.issuer.issue([ask(1, achievement, **SARA)])
    [held] = node.issuer.issue([ask(2, achievement, **person)])
    assert held.code == "person-differs"
    [again] = node.issuer.issue([ask(2, achievement, **person)])
    assert again.code == "person-differs"
    assert len(waiting(node)) == 1


def test_the_same_person_is_issued_to_the_same_learner_and_the_name_is_the_new_one(node):
    achievement = node.offer()
    [first] = node.issuer.issue([ask(1, achievement, **SARA)])
    married = SARA | {"family_name": "Novak", "given_name": "S."}
    node.issuer.issue([ask(2, achievement, **married)])
    rows = HeldRows(node.registry)
    version = version_of(node, "row-2")
    decided = rows.decide("row-2", version, "same-person", "a.berg")
    assert (decided.learner, decided.unchanged) == (first.learner, False)
    assert waiting(node) == []
    assert rows.decide(" row-2", version, "same-person", "a.berg").unchanged
    with pytest.raises(AlreadyDecided):
        rows.decide("row-2", version, "other-person", "a.berg")
    with pytest.raises(AlreadyDecided, match=r"a\.berg decided same-person"):
        rows.read("row-2")
    [second, old_name] = node.issuer.issue([ask(2, achievement, **married), ask(3, achievement, **SARA)])
    assert second.learner == old_name.learner == first.learner
    person = node.registry.vault.read_learner(node.registry.cursor(), first.learner).person
    assert person["familyName"] == "Novak"
    [former] = person["formerly"]
    assert (former["familyName"], former["by"]) == ("Ahmed", "a.berg")


def test_another_person_gets_the_number_and_the_first_keeps_what_is_theirs(node, batch_store):
    achievement = node.offer()
    sara, _ = node.issuer.issue([ask(1, achievement, **SARA), ask(2, achievement, **PETR)])
    rows = HeldRows(node.registry)
    version = version_of(node, "row-2")
    decided = rows.decide("row-2", version, "other-person", "a.berg")
    assert rows.decide("row-2", version, "other-person", "a.berg") == decided._replace(unchanged=True)
    assert decided.learner != sara.learner
    again, petr, late = node.issuer.issue(
        [ask(1, achievement, **SARA), ask(2, achievement, **PETR), ask(3, achievement, **SARA)]
    )
    assert again.unchanged
    assert petr.learner == decided.learner
    assert find_former_owners(node.registry, " 7000123") == [sara.learner]
    assert find_former_owners(node.registry, "7000124") == []
    assert late.code == "person-differs"
    with pytest.raises(UnknownHeldRow, match=petr.credential):
        rows.decide("row-2", version, "other-person", "a.berg")
    erase(node.registry, batch_store, petr.learner)
    assert said(node, sara.credential)["familyName"] == "Ahmed"
    assert node.registry.cursor().execute("SELECT count(*) AS n FROM vault.held_rows").fetchone()["n"] == 0


def test_nothing_is_decided_of_a_row_that_is_not_held(node):
    with pytest.raises(UnknownHeldRow):
        HeldRows(node.registry).decide("row-1", "0" * 12, "same-person", "a.berg")


def test_a_held_row_that_was_corrected_and_issued_waits_no_longer(node):
    achievement = node.offer()
    node.issuer.issue([ask(1, achievement, **SARA), ask(2, achievement, **PETR)])
    [corrected] = node.issuer.issue([ask(2, achievement, "7000124", **PETR)])
    assert isinstance(corrected, Issued)
    assert waiting(node) == []


def test_a_held_persons_data_is_sealed_and_goes_with_the_learner(node, batch_store):
    achievement = node.offer()
    sara, _ = node.issuer.issue([ask(1, achievement, **SARA), ask(2, achievement, **PETR)])
    with node.registry.connection.cursor().copy("COPY vault.held_rows TO STDOUT") as rows:
        kept = b"".join(bytes(row) for row in rows)
    assert kept
    for word in (b"Novak", b"Petr", b"1979-11-30", b"row-2", b"7000123"):
        assert word not in kept
        assert word.hex().encode() not in kept
    erase(node.registry, batch_store, sara.learner)
    with node.registry.connection.cursor().copy("COPY vault.held_rows TO STDOUT") as rows:
        assert b"".join(bytes(row) for row in rows) == b""


def test_of_two_imports_at_once_with_a_new_number_and_two_persons_one_is_held(node):
    achievement = node.offer()
    outcomes, ready = {}, threading.Barrier(2)

    def take(name, person):
        with Registry(node.dsn, ORIGIN, vault_of(node.dsn)) as registry:
            issuer = Issuer(registry)
            ready.wait()
            outcomes[name] = issuer.issue([ask(name, achievement, **person)])[0]

    threads = [threading.Thread(target=take, args=pair) for pair in ((1, SARA), (2, PETR))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in outcomes.values()) == ["Issued", "NotIssued"]
    assert [one.code for one in outcomes.values() if isinstance(one, NotIssued)] == ["person-differs"]
    assert len(waiting(node)) == 1


def test_a_learner_who_was_adopted_is_held_against_the_first_person_that_is_issued_to(node):
    achievement = node.offer()
    node.issuer.adopt("7000123", "2afda2b4-a247-4f0f-aedd-e040beb58eab")
    first, second = node.issuer.issue([ask(1, achievement, **SARA), ask(2, achievement, **PETR)])
    assert first.learner == "2afda2b4-a247-4f0f-aedd-e040beb58eab"
    assert second.code == "person-differs"
    [third] = node.issuer.issue([ask(3, achievement, **PETR)])
    assert third.code == "person-differs"


def test_a_row_that_is_issued_frees_its_place_and_one_that_finds_none_is_told_so(node, monkeypatch):
    monkeypatch.setattr("registry.application.held_rows.MAX_HELD", 1)
    achievement = node.offer()
    _, second, third = node.issuer.issue(
        [ask(1, achievement, **SARA), ask(2, achievement, **PETR), ask(3, achievement, **PETR)]
    )
    assert "is full" not in second.detail
    assert "The list of held rows is full" in third.detail
    [again] = node.issuer.issue([ask(2, achievement, **PETR)])
    assert "is full" not in again.detail
    assert [one.record for one in waiting(node)] == ["row-2"]
    node.issuer.issue([ask(2, achievement, "7000124", **PETR)])
    assert node.registry.cursor().execute("SELECT count(*) AS n FROM vault.held_rows").fetchone()["n"] == 0
    [kept] = node.issuer.issue([ask(3, achievement, **PETR)])
    assert "is full" not in kept.detail
    assert [one.record for one in waiting(node)] == ["row-3"]


def test_held_rows_are_read_a_page_at_a_time_and_one_that_agrees_by_now_waits_to_be_sent(node):
    achievement = node.offer()
    node.issuer.issue([ask(1, achievement, **SARA), *(ask(n, achievement, **PETR) for n in range(2, 7))])
    rows, after, pages = HeldRows(node.registry), None, []
    while not pages or after is not None:
        page = rows.page(after, 2)
        pages.append([one.record for one in page.rows])
        after = page.next
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(record for page in pages for record in page) == [f"row-{n}" for n in range(2, 7)]
    node.decide_held("row-2", "same-person")
    assert {one.record: one.differs for one in waiting(node)} == {f"row-{n}": () for n in range(3, 7)}
    node.issuer.issue([ask(n, achievement, **PETR) for n in range(3, 7)])
    assert waiting(node) == []


def person_of(node, number):
    return find_learner(node.registry, number).person


def test_a_row_that_is_refused_says_nothing_of_the_person(node):
    achievement = node.offer()
    node.issuer.adopt("7000123", "2afda2b4-a247-4f0f-aedd-e040beb58eab")
    refused, issued = node.issuer.issue(
        [ask(1, achievement, valid_until="soon", **PETR), ask(2, achievement, "7000124", **SARA)]
    )
    assert (refused.field, refused.code != "invalid") == ("$.data.validUntil", True)  # read as a verifier does
    assert isinstance(issued, Issued)
    assert person_of(node, "7000123") == {"student": "7000123"}
    [first] = node.issuer.issue([ask(3, achievement, **SARA)])
    assert isinstance(first, Issued)
    assert person_of(node, "7000123")["familyName"] == "Ahmed"


def test_a_row_against_one_that_was_refused_is_not_kept_as_held(node):
    achievement = node.offer()
    refused, against = node.issuer.issue([ask(1, achievement, valid_until="soon", **PETR), ask(2, achievement, **SARA)])
    assert (refused.code, against.code) != ("person-differs", "invalid")
    assert "which was refused" in against.detail
    assert waiting(node) == []
    [issued] = node.issuer.issue([ask(2, achievement, **SARA)])
    assert isinstance(issued, Issued)


def test_of_two_who_say_more_of_a_person_at_once_the_later_does_not_undo_the_earlier(node, dsn, monkeypatch):
    achievement = node.offer()
    node.issuer.adopt("7000123", "2afda2b4-a247-4f0f-aedd-e040beb58eab")
    begin = node.registry.transaction

    def begin_late():
        monkeypatch.undo()
        with Registry(dsn, ORIGIN, vault_of(dsn)) as registry:
            Issuer(registry).issue([ask(1, achievement, **SARA | {"family_name": "Ahmed-Berg"})])
        return begin()

    monkeypatch.setattr(node.registry, "transaction", begin_late)
    [second] = node.issuer.issue([ask(2, achievement, **SARA)])
    assert isinstance(second, Issued)
    assert person_of(node, "7000123")["familyName"] == "Ahmed-Berg"
