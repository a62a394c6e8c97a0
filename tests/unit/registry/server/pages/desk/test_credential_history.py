"""A credential's stored steps beside the entries of the log; statuses and numbers of the desk."""

from datetime import UTC, date, datetime

from projections.credentials.dependents import LogStep
from projections.feed.worklist import Worklist
from registry.application.credential_history import HistoryStep
from registry.server.pages.desk.credential import join_history, stored_status
from registry.server.pages.desk.credential_rows import list_name, shown_status
from registry.server.pages.desk.dashboard import count_others
from registry.server.pages.desk.erasing import is_confirmed

AT = datetime(2026, 6, 30, tzinfo=UTC)


def steps(*statuses):
    return [HistoryStep(status, AT) for status in statuses]


def leaves(stored, published):
    return [(each.leaf, each.effective) for each in join_history(stored, published)]


def test_each_step_has_its_entry_and_the_last_may_not_be_on_the_log_yet():
    published = [LogStep(4, "issued", effective=True), LogStep(7, "suspended", effective=True)]
    assert leaves(steps("issued", "suspended", "revoked"), published) == [(4, True), (7, True), (None, True)]


def test_an_entry_without_effect_is_told_and_its_repetition_takes_its_place():
    refused = [LogStep(4, "issued", effective=True), LogStep(7, "revoked", effective=False)]
    assert leaves(steps("issued", "revoked"), refused) == [(4, True), (7, False)]
    assert leaves(steps("issued", "revoked"), [*refused, LogStep(9, "revoked", effective=True)]) == [
        (4, True),
        (9, True),
    ]


def test_the_status_is_that_of_the_last_stored_step():
    joined = join_history(steps("issued", "suspended", "active"), [])
    assert stored_status(joined, "suspended") == "active"
    assert stored_status(join_history(steps("issued"), []), "revoked") == "active"
    assert stored_status([], "revoked") == "revoked"


def test_an_active_credential_past_its_day_has_expired():
    today = date(2026, 7, 1)
    assert shown_status("active", date(2026, 6, 30), today) == "expired"
    assert shown_status("active", today, today) == "active"
    assert shown_status("revoked", date(2026, 6, 30), today) == "revoked"


def test_a_name_is_listed_by_its_family_name():
    assert list_name({"familyName": "Jansen", "givenName": "Ada"}) == "Jansen, Ada"
    assert list_name({"givenName": "Sukarno"}) == "Sukarno"
    assert list_name(None) == ""


def test_what_others_did_is_added_up_by_what_it_means():
    kinds = {
        "credential.recognised": 3,
        "credential.decision.withdrawn": 1,
        "credential.stacked": 2,
        "learner.erased": 9,
    }
    assert count_others(kinds, Worklist("twente", [], "next")) == (4, 2, 0, 0, True)
    assert count_others(kinds, None).to_look_at is None


def test_an_erasure_is_confirmed_by_the_name_whatever_its_accents():
    assert is_confirmed("zoe angstrom", "Zoë Ångström")
    assert not is_confirmed("zoe", "Zoë Ångström")
    assert not is_confirmed("", "")
