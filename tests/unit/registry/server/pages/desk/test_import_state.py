"""The state of an import in one word."""

from datetime import UTC, datetime

from registry.batches.batch import Batch
from registry.batches.imports.import_view import HandOver, ImportView
from registry.server.pages.desk.import_state import TONES, state_of
from registry.server.pages.vocabulary.imports import WORDS


def batch(state, *, issued=0, refused=0, dry_run=False):
    return Batch(
        "b", "", "credentials", "text/csv", state, dry_run, 1, 1, 1, issued, 0, refused, 0,
        datetime(2026, 6, 30, tzinfo=UTC), "person:1", None, None, None, None, [], None,
    )  # fmt: skip


def imported(*hand_overs, closed=False, to_correct=0):
    checked = batch("done", issued=40, refused=to_correct, dry_run=True)
    made = [
        HandOver(each, "i", is_first=True, rows=40, learners=40, awards=[], returned_by=back, note=back)
        for each, back in hand_overs
    ]
    return ImportView(checked, 1, None, closed, [], made)


def test_a_row_that_was_refused_after_its_release_is_not_done():
    view = imported((batch("done", issued=39, refused=1), None))
    assert (view.handed_over, view.issued, view.refused) == (40, 39, 1)
    assert (state_of(view), state_of(view._replace(is_closed=True))) == ("refused", "refused")
    assert state_of(imported((batch("done", issued=40), None))) == "done"
    assert state_of(imported((batch("done", issued=39, refused=1), None), to_correct=2)) == "toCorrect"


def test_an_import_is_sent_back_until_it_is_handed_over_again_or_closed():
    back = (batch("cancelled"), "person:2")
    assert imported(back).sent_back.rows == 40
    assert state_of(imported(back)) == "ready"
    assert imported(back, closed=True).sent_back is None
    assert imported((batch("awaitingRelease"), None), back).sent_back is None
    assert imported((batch("cancelled"), None)).sent_back is None
    assert imported().sent_back is None


def test_every_state_has_words():
    assert set(WORDS["import state"]) == set(TONES)
