"""Merging two learners who are one person, and splitting one learner who is two."""

from datetime import date

import pytest
import structlog

from consumers.projecting.projector import Projector
from projections.core import views
from projections.records import learners
from registry.application.requests import Issued
from registry.application.status_notes import read_notes
from registry.batches import BatchStore
from registry.domain.errors import Duplicate
from registry.intake.reconciliation import COLUMNS, NEEDED, PublishedAward, Reconciliation
from registry.intake.rows.plain_rows import PlainRows, form_of
from registry.learners.change import CannotChange, SamePerson, StalePreview, UnknownChange
from registry.learners.changes import LearnerChanges
from registry.learners.erasure import Merged, count_credentials, erase
from registry.learners.moves import ConfirmedChange, find_merge_targets, read_issued_data
from registry.learners.numbers import find_learner
from registry.vault.vault import random_id
from registry.wire.disclosures import claims_digest, disclosure, open_disclosures, salts
from registry.wire.events import Reader
from registry.wire.forms import VersionedRef
from registry.wire.recognition import Basis, RecognitionDecided
from tests.support.catalogues import Everything
from tests.support.lund import full
from tests.support.meanwhile import meanwhile
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request
from tests.support.streams import CONSORTIUM, Consortium, University, new_id

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


@pytest.fixture
def changes(node):
    return LearnerChanges(node.registry, lambda _: {})


def issued(node, *requests):
    outcomes = node.issuer.issue(list(requests))
    assert all(isinstance(one, Issued) for one in outcomes), outcomes
    return outcomes


def claims(node, credential):
    held = node.registry.vault.read_disclosures(node.registry.cursor(), credential)
    return open_disclosures(read_issued_data(node.registry, credential).claims, held) if held else None


def status(node, credential):
    return node.registry.credentials.get(credential).state.status


def two_in_one(node):
    """A learner who is two persons, as an earlier version let happen: two credentials of Sara's, one of Petr's."""
    achievement = node.offer()
    [first] = issued(node, request(1, achievement, student="7000123", grade="8", **SARA))
    node.issuer.issue([request(2, achievement, student="7000123", grade="6.5", national_id="CZ-1", **PETR)])
    node.decide_held("row-2", "same-person", "in-haste")
    [second, third] = issued(
        node,
        request(2, achievement, student="7000123", grade="6.5", national_id="CZ-1", **PETR),
        request(3, achievement, student="7000123", **SARA),
    )
    assert first.learner == second.learner == third.learner
    return achievement, first, second, third


def one_in_two(node):
    """A person who is two learners: two credentials under an old number and a wrong name, one under the right one."""
    achievement = node.offer()
    return achievement, *issued(
        node,
        request(1, achievement, student="old-1", grade="8", **SARA | {"family_name": "Ahmet"}),
        request(2, achievement, student="old-1", **SARA | {"family_name": "Ahmet"}),
        request(3, achievement, student="new-1", **SARA),
    )


def test_a_split_revokes_and_issues_again_to_the_right_person(node, changes):
    achievement, sara, petr, _ = two_in_one(node)
    proposed = changes.propose_split(sara.learner, [petr.credential], "7000124", {}, "a.berg")
    assert [one.credential for one in proposed.preview.moves] == [petr.credential]
    assert proposed.preview.target_is_new
    assert proposed.preview.target_person["familyName"] == "Novak"
    assert status(node, petr.credential) == "active"
    change, preview = changes.confirm(proposed.change, "l.holm")
    assert preview is not None
    new = change.credentials[petr.credential]
    assert status(node, petr.credential) == "revoked"
    assert status(node, new) == "active"
    assert status(node, sara.credential) == "active"
    assert node.registry.credentials.get(new).state.learner == change.target != sara.learner
    assert claims(node, new) == {
        "familyName": "Novak", "givenName": "Petr", "dateOfBirth": "1979-11-30", "studentNumber": "7000124",
        "grade": "6.5", "nationalId": "CZ-1",
    }  # fmt: skip
    assert find_learner(node.registry, "7000124").learner.learner == change.target
    assert find_learner(node.registry, "7000123").learner.learner == sara.learner
    node.publisher().publish_pending()
    events = [Reader(ORIGIN).decode_one(line) for line in node.lines()]
    assert sorted(event.type for event in events[-2:]) == ["credential.issued.v1", "credential.revoked.v1"]
    assert all(event.data.reason == "issuedInError" for event in events if event.type == "credential.revoked.v1")
    assert all(event.data.replaces is None for event in events if event.type == "credential.issued.v1")
    # The row that it came from is known as the new credential.
    [again] = node.issuer.issue([request(2, achievement, student="7000123", grade="6.5", national_id="CZ-1", **PETR)])
    assert again == Issued("row-2", new, change.target, unchanged=True)
    assert node.issuer.find_credential("row-2") == new


def test_a_split_may_pass_the_number_on(node, changes):
    _, sara, petr, _ = two_in_one(node)
    proposed = changes.propose_split(sara.learner, [petr.credential], "7000123", {}, "a.berg")
    assert proposed.preview.number_moves
    change, _ = changes.confirm(proposed.change, "l.holm")
    assert find_learner(node.registry, "7000123").learner.learner == change.target
    assert node.registry.vault.read_learner(node.registry.cursor(), sara.learner) is not None


def test_a_split_to_a_learner_who_is_known_gives_their_name(node, changes):
    achievement, sara, petr, _ = two_in_one(node)
    [right] = issued(node, request(9, achievement, student="7000124", **PETR | {"given_name": "Petr Jan"}))
    proposed = changes.propose_split(sara.learner, [petr.credential], "7000124", {}, "a.berg")
    assert not proposed.preview.target_is_new
    change, _ = changes.confirm(proposed.change, "l.holm")
    assert change.target == right.learner
    assert claims(node, change.credentials[petr.credential])["givenName"] == "Petr Jan"


def test_a_merge_moves_all_with_the_right_name_and_both_numbers_lead_there(node, changes):
    achievement, first, second, right = one_in_two(node)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    assert len(proposed.preview.moves) == 2
    change, _ = changes.confirm(proposed.change, "l.holm")
    assert status(node, first.credential) == status(node, second.credential) == "revoked"
    moved = claims(node, change.credentials[first.credential])
    assert (moved["familyName"], moved["studentNumber"], moved["grade"]) == ("Ahmed", "new-1", "8")
    for number in ("old-1", "new-1", "old-1\u200b"):
        assert find_learner(node.registry, number).learner.learner == right.learner
    # Rows under the old number are of the one learner, also with the name as it was.
    [later] = issued(node, request(4, achievement, student="old-1", **SARA | {"family_name": "Ahmet"}))
    assert later.learner == right.learner
    [unchanged] = node.issuer.issue(
        [request(1, achievement, student="old-1", grade="8", **SARA | {"family_name": "Ahmet"})]
    )
    assert unchanged == Issued("row-1", change.credentials[first.credential], right.learner, unchanged=True)


def test_nobody_confirms_what_they_proposed(node, changes):
    _, first, _, right = one_in_two(node)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    stored = node.stored()
    with pytest.raises(SamePerson):
        changes.confirm(proposed.change, "a.berg")
    assert node.stored() == stored


def test_confirmed_twice_it_happens_once(node, changes):
    _, first, _, right = one_in_two(node)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    before, _ = changes.confirm(proposed.change, "l.holm")
    stored = node.stored()
    again, preview = changes.confirm(proposed.change, "somebody")
    assert (again, preview) == (before, None)
    assert node.stored() == stored


def test_what_changed_since_it_was_shown_is_not_confirmed(node, changes):
    achievement, first, _, right = one_in_two(node)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    issued(node, request(5, achievement, student="old-1", **SARA))
    with pytest.raises(StalePreview):
        changes.confirm(proposed.change, "l.holm")
    assert status(node, first.credential) == "active"
    other = changes.propose_merge(first.learner, right.learner, "a.berg")
    node.registry.credentials.suspend(first.credential, "underReview")
    with pytest.raises(StalePreview):
        changes.confirm(other.change, "l.holm")


def test_killed_between_revoking_and_issuing_nothing_has_happened_and_it_runs_again(node, changes, monkeypatch):
    _, first, second, right = one_in_two(node)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    stored = node.stored()

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    for step in ("_merge", "_move", "_link"):
        with monkeypatch.context() as broken:
            broken.setattr(ConfirmedChange, step, killed)
            with pytest.raises(Killed):
                changes.confirm(proposed.change, "l.holm")
        assert node.stored() == stored
        assert status(node, first.credential) == status(node, second.credential) == "active"
        assert find_learner(node.registry, "old-1").learner.learner == first.learner
    change, _ = changes.confirm(proposed.change, "l.holm")
    assert len(change.credentials) == 2


def test_a_row_that_was_issued_between_the_look_and_the_writing_stops_a_merge(node, changes, monkeypatch):
    achievement, first, _, right = one_in_two(node)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    meanwhile(monkeypatch, node.registry, lambda: issued(node, request(5, achievement, student="old-1", **SARA)))
    with pytest.raises(Duplicate):
        changes.confirm(proposed.change, "l.holm")
    assert status(node, first.credential) == "active"


def test_what_cannot_be_moved_stays_and_is_named(node):
    achievement, first, second, right = one_in_two(node)
    [third] = issued(node, request(6, achievement, student="old-1", **SARA))
    [fourth] = issued(node, request(7, achievement, student="old-1", **SARA))
    node.registry.credentials.suspend(first.credential, "underReview")
    node.registry.credentials.revoke(third.credential, "administrative")
    changes = LearnerChanges(node.registry, lambda _: {second.credential: "it is a part of credential lund/x"})
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    whys = {one.credential: one.why for one in proposed.preview.stays}
    assert whys[first.credential].startswith("it is suspended")
    assert whys[second.credential] == "it is a part of credential lund/x"
    assert [one.credential for one in proposed.preview.moves] == [fourth.credential]
    assert proposed.preview.history == [third.credential]
    change, _ = changes.confirm(proposed.change, "l.holm")
    assert list(change.credentials) == [fourth.credential]
    assert status(node, first.credential) == "suspended"
    assert claims(node, first.credential) is not None


def test_a_retired_achievement_is_not_issued_again(node, changes):
    achievement, first, _, right = one_in_two(node)
    node.registry.achievements.retire(achievement)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    assert proposed.preview.moves == []
    assert all("retired" in one.why for one in proposed.preview.stays)


def test_what_makes_no_sense_is_refused(node, changes):
    _, sara, petr, third = two_in_one(node)
    with pytest.raises(CannotChange, match="themselves"):
        changes.propose_merge(sara.learner, sara.learner, "a.berg")
    with pytest.raises(CannotChange, match="no learner"):
        changes.propose_merge(sara.learner, "2afda2b4-a247-4f0f-aedd-e040beb58eab", "a.berg")
    with pytest.raises(CannotChange, match="not one of learner"):
        changes.propose_split(sara.learner, ["2afda2b4-a247-4f0f-aedd-e040beb58eab"], "x1", {**_person(PETR)}, "a.berg")
    with pytest.raises(CannotChange, match="more than one person"):
        changes.propose_split(sara.learner, [petr.credential, third.credential], "x1", {}, "a.berg")
    with pytest.raises(CannotChange, match="scientific"):
        changes.propose_split(sara.learner, [petr.credential], "7,1E+12", {}, "a.berg")
    with pytest.raises(UnknownChange):
        changes.confirm("2afda2b4-a247-4f0f-aedd-e040beb58eab", "l.holm")
    proposed = changes.propose_split(sara.learner, [petr.credential], "x1", {}, "a.berg")
    changes.drop(proposed.change)
    with pytest.raises(UnknownChange):
        changes.confirm(proposed.change, "l.holm")


def _person(person):
    return dict(zip(("familyName", "givenName", "dateOfBirth"), person.values(), strict=True))


def test_erasing_one_of_two_who_were_split_leaves_the_other_and_no_link(node, changes, batch_store):
    _, sara, petr, third = two_in_one(node)
    proposed = changes.propose_split(sara.learner, [petr.credential], "7000124", {}, "a.berg")
    change, _ = changes.confirm(proposed.change, "l.holm")
    erase(node.registry, batch_store, change.target)
    assert claims(node, petr.credential) is None
    assert claims(node, change.credentials[petr.credential]) is None
    assert claims(node, sara.credential)["familyName"] == "Ahmed"
    assert claims(node, third.credential)["familyName"] == "Ahmed"
    for table in ("learner_changes", "moved_credentials"):
        with node.registry.connection.cursor().copy(f"COPY vault.{table} TO STDOUT") as rows:
            assert b"".join(bytes(row) for row in rows) == b""


def test_a_note_on_a_credential_goes_with_the_learner_whose_it_is(node, changes, batch_store):
    _, sara, petr, _ = two_in_one(node)
    node.registry.credentials.suspend(petr.credential, "administrative", "asked by telephone")
    node.registry.credentials.reinstate(petr.credential)
    proposed = changes.propose_split(sara.learner, [petr.credential], "7000124", {}, "a.berg")
    change, _ = changes.confirm(proposed.change, "l.holm")

    def notes():
        found = read_notes(node.registry.vault, node.registry.cursor(), petr.credential)
        return [one.note for one in found]

    assert notes() == ["asked by telephone"]
    erase(node.registry, batch_store, sara.learner)
    assert notes() == ["asked by telephone"]
    erase(node.registry, batch_store, change.target)
    assert notes() == []


def test_erasing_the_first_of_two_who_were_split_leaves_what_went_to_the_other(node, changes, batch_store):
    _, sara, petr, _ = two_in_one(node)
    proposed = changes.propose_split(sara.learner, [petr.credential], "7000124", {}, "a.berg")
    change, _ = changes.confirm(proposed.change, "l.holm")
    erase(node.registry, batch_store, sara.learner)
    assert claims(node, sara.credential) is None
    assert claims(node, change.credentials[petr.credential])["familyName"] == "Novak"
    assert claims(node, petr.credential)["familyName"] == "Novak"


def test_merged_learners_are_erased_together(node, changes, batch_store):
    achievement, first, _, right = one_in_two(node)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    changes.confirm(proposed.change, "l.holm")
    assert count_credentials(node.registry, right.learner) == 5
    with pytest.raises(Merged, match=right.learner):
        erase(node.registry, batch_store, first.learner)
    erase(node.registry, batch_store, right.learner)
    assert node.registry.erasures.is_erased(first.learner)
    assert node.registry.erasures.is_erased(right.learner)
    for table in ("learners", "records", "learner_changes", "moved_credentials", "further_numbers"):
        with node.registry.connection.cursor().copy(f"COPY vault.{table} TO STDOUT") as rows:
            assert b"".join(bytes(row) for row in rows) == b""
    [again] = node.issuer.issue([request(3, achievement, student="new-1", **SARA)])
    assert again.code == "erased"


def merged(changes, source, target):
    change, _ = changes.confirm(changes.propose_merge(source, target, "a.berg").change, "l.holm")
    return change


def test_who_was_merged_is_merged_or_split_no_more_and_both_can_be_erased(node, changes, batch_store):
    _, first, _, right = one_in_two(node)
    back = changes.propose_merge(right.learner, first.learner, "a.berg")
    new = merged(changes, first.learner, right.learner).credentials[first.credential]
    for source, target in ((right.learner, first.learner), (first.learner, right.learner)):
        with pytest.raises(CannotChange, match="was merged into"):
            changes.propose_merge(source, target, "a.berg")
    with pytest.raises(CannotChange, match="was merged into"):
        changes.propose_split(first.learner, [new], "x1", {}, "a.berg")
    with pytest.raises(CannotChange, match="was merged into"):
        changes.confirm(back.change, "l.holm")
    erase(node.registry, batch_store, right.learner)
    assert left_in(node, "learners") == b""


def test_of_two_merges_into_each_other_that_are_confirmed_at_once_one_takes_effect(
    node, changes, monkeypatch, batch_store
):
    _, first, _, right = one_in_two(node)
    there = changes.propose_merge(first.learner, right.learner, "a.berg")
    back = changes.propose_merge(right.learner, first.learner, "a.berg")
    meanwhile(monkeypatch, node.registry, lambda: changes.confirm(there.change, "l.holm"))
    with pytest.raises(Duplicate):
        changes.confirm(back.change, "l.holm")
    assert find_merge_targets(node.registry.cursor(), [first.learner, right.learner]) == {first.learner: right.learner}
    erase(node.registry, batch_store, right.learner)
    assert left_in(node, "learners") == b""


def left_in(node, table):
    with node.registry.connection.cursor().copy(f"COPY vault.{table} TO STDOUT") as rows:
        return b"".join(bytes(row) for row in rows)


def test_a_chain_of_merges_is_erased_whole_or_not_at_all_wherever_it_stops(node, changes, batch_store, monkeypatch):
    achievement, first, _, second = one_in_two(node)
    [third] = issued(node, request(9, achievement, student="newest-1", **SARA))
    merged(changes, first.learner, second.learner)
    merged(changes, second.learner, third.learner)
    insert, calls = node.registry.recorder.insert_events, []

    class Killed(BaseException):
        pass

    def killed_in_the_second(*arguments, **more):
        calls.append(more)
        if len(calls) > 1:
            raise Killed
        return insert(*arguments, **more)

    class Stops:
        def write(self, _):
            raise Killed

    with node.registry.transaction() as transaction:
        erase(node.registry, batch_store, third.learner, transaction=transaction)
        transaction.add(Stops())
        with pytest.raises(Killed):
            transaction.commit()
    assert len(left_in(node, "learners").splitlines()) == 3
    monkeypatch.setattr(node.registry.recorder, "insert_events", killed_in_the_second)
    erase(node.registry, batch_store, third.learner)
    assert left_in(node, "learners") == left_in(node, "records") == left_in(node, "learner_changes") == b""
    assert all(node.registry.erasures.is_erased(one.learner) for one in (first, second, third))
    with pytest.raises(Duplicate):
        erase(node.registry, batch_store, third.learner)


def test_the_row_of_the_other_of_two_who_were_split_leads_to_the_new_credential_for_ever(node, changes, batch_store):
    achievement, sara, petr, _ = two_in_one(node)
    change, _ = changes.confirm(
        changes.propose_split(sara.learner, [petr.credential], "7000124", {}, "a.berg").change, "l.holm"
    )
    new = change.credentials[petr.credential]
    erase(node.registry, batch_store, sara.learner)
    assert left_in(node, "learner_changes") == left_in(node, "moved_credentials") == b""
    [again] = node.issuer.issue([request(2, achievement, student="7000123", grade="6.5", national_id="CZ-1", **PETR)])
    assert again == Issued("row-2", new, change.target, unchanged=True)
    assert node.issuer.find_credential("row-2") == new
    assert claims(node, new)["familyName"] == "Novak"


def test_what_was_merged_and_then_split_goes_with_the_right_person_back_to_the_first_row(node, changes, batch_store):
    achievement, first, _, right = one_in_two(node)
    moved = merged(changes, first.learner, right.learner).credentials[first.credential]
    proposed = changes.propose_split(right.learner, [moved], "x1", {}, "a.berg")
    assert proposed.preview.history == [first.credential]
    change, _ = changes.confirm(proposed.change, "l.holm")
    erase(node.registry, batch_store, right.learner)
    [again] = node.issuer.issue(
        [request(1, achievement, student="old-1", grade="8", **SARA | {"family_name": "Ahmet"})]
    )
    assert again == Issued("row-1", change.credentials[moved], change.target, unchanged=True)
    erase(node.registry, batch_store, change.target)
    assert left_in(node, "records") == left_in(node, "moved_credentials") == b""


def test_somebody_who_changed_the_person_meanwhile_is_not_overwritten_by_a_merge(node, changes, monkeypatch):
    achievement, first, _, right = one_in_two(node)
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    node.issuer.issue([request(8, achievement, student="new-1", **PETR)])
    meanwhile(monkeypatch, node.registry, lambda: node.decide_held("row-8", "same-person"))
    with pytest.raises(Duplicate):
        changes.confirm(proposed.change, "l.holm")
    person = node.registry.vault.read_learner(node.registry.cursor(), right.learner).person
    assert person["familyName"] == "Novak"
    with pytest.raises(StalePreview):
        changes.confirm(proposed.change, "l.holm")


class Views:
    """What is known of credentials, as if all of them were on the log."""

    def __init__(self, node, achievement, *credentials):
        self._all = {
            one: PublishedAward(one, achievement, 1, "2026-06-30", None, status(node, one)) for one in credentials
        }

    def find_awards(self, credentials):
        return {one: self._all[one] for one in credentials}

    def list_awarded(self, _begin, _end):
        return iter(self._all.values())


def test_a_term_agrees_after_a_merge_and_finds_rows_in_the_spelling_of_earlier_versions(
    node, changes, tmp_path, monkeypatch
):
    achievement, first, second, right = one_in_two(node)
    with monkeypatch.context() as earlier:
        earlier.setattr("registry.application.requests.IssueRequest.normalise", lambda self: self)
        [old] = issued(node, request(9, achievement, record="rose\u0301"))
    change = merged(changes, first.learner, right.learner)
    known = Views(
        node, achievement, first.credential, second.credential, right.credential, old.credential,
        *change.credentials.values(),
    )  # fmt: skip
    file = tmp_path / "term.csv"
    rows = [f"{record},{achievement},2026-06-30" for record in ("row-1", "row-2", "row-3", "rose\u0301")]
    file.write_text("\n".join(["record,achievement,awarding_date", *rows]) + "\n", encoding="utf-8")
    begin, end = date(2026, 6, 1), date(2026, 6, 30)
    with Reconciliation(node.registry, known, Everything(), begin, end) as reconciliation:
        judged = list(reconciliation.run(PlainRows(file, form_of(file), COLUMNS, NEEDED)))
    assert [one for each in judged for one in each.differences] == []
    assert reconciliation.counts.agreeing == 4


def decided_by_digest(node, achievement, *credentials):
    """One of its own decisions, which names credentials by digest."""
    said = [disclosure(salts(1), "credential", {"member": "twente", "credential": one}) for one in credentials]
    of = VersionedRef("twente", achievement, 1)
    bases = [Basis("onLog", achievement=of, credential_digest=claims_digest([one])) for one in said]
    data = RecognitionDecided(random_id(), "admission", "binding", bases, [full(*range(len(bases)))], "2026-07-01")
    node.registry.recognition.decide(data, said)
    return data.decision


def test_an_own_decision_that_names_a_credential_by_digest_holds_it_until_it_is_withdrawn(node, changes):
    achievement, first, second, right = one_in_two(node)
    decision = decided_by_digest(node, achievement, first.credential)
    both = decided_by_digest(node, achievement, second.credential, new_id())
    proposed = changes.propose_merge(first.learner, right.learner, "a.berg")
    assert proposed.preview.moves == []
    assert {one.credential: one.why for one in proposed.preview.stays} == {
        first.credential: f"decision twente/{decision} rests on it",
        second.credential: f"decision twente/{both} rests on it",
    }
    node.registry.recognition.withdraw_decision(decision, "onAppeal")
    with pytest.raises(StalePreview):
        changes.confirm(proposed.change, "l.holm")
    later = changes.propose_merge(first.learner, right.learner, "a.berg")
    assert [one.credential for one in later.preview.moves] == [first.credential]


def test_a_proposal_says_how_many_credentials_it_moves(node, changes):
    _, first, _, right = one_in_two(node)
    changes.propose_merge(first.learner, right.learner, "a.berg")
    [change] = changes.list_changes()
    assert (change.moves, change.confirmed) == (2, None)


def test_a_proposal_names_nobody_in_the_clear_and_no_log_line_does(node, changes):
    _, sara, petr, _ = two_in_one(node)
    with structlog.testing.capture_logs() as logged:
        proposed = changes.propose_split(sara.learner, [petr.credential], "7000124", {}, "a.berg")
        assert "Novak" not in repr(proposed)
        changes.confirm(proposed.change, "l.holm")
    assert "Novak" not in str(logged)
    with node.registry.connection.cursor().copy("COPY vault.learner_changes TO STDOUT") as rows:
        kept = b"".join(bytes(row) for row in rows)
    for word in (b"Novak", b"1979-11-30", b"7000124"):
        assert word.hex().encode() not in kept


def test_a_retaken_achievement_counts_once_and_both_are_shown(node, dsn):
    consortium = Consortium()
    university = consortium.universities["twente"] = University("twente")
    university.signers = [node.signer]
    consortium.seal(consortium.admission("twente"))
    node.log.create("governance")
    node.log.append("governance", consortium.records)
    achievement, other = node.offer(), node.offer()
    first, second, third = issued(
        node,
        request(1, achievement, student="hr001", awarding_date="2026-02-01", grade="5.5"),
        request(2, achievement, student="hr001", awarding_date="2026-06-30", grade="8.0"),
        request(3, other, student="hr001"),
    )
    node.publisher().publish_pending()
    with views.connect(dsn) as connection:
        views.create(connection)
        projector = Projector(connection, node.log, CONSORTIUM, consortium.founded)
        projector.step()
        record = learners.read(connection, first.learner)
        each = next(view.ects for view in record.credentials)
        assert len(record.credentials) == 3
        assert record.ects_without_retakes == 2 * each
        [retake] = record.retaken
        assert (retake.credential, retake.counts) == (f"twente/{first.credential}", f"twente/{second.credential}")
        assert learners.relied_on(connection, "twente", [first.credential, third.credential]) == {}
        node.registry.credentials.revoke(second.credential, "issuedInError")
        node.publisher().publish_pending()
        projector.step()
        record = learners.read(connection, first.learner)
        assert (record.ects_without_retakes, record.retaken) == (2 * each, [])
