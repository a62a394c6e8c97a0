"""Rows that wait for the day that they name, on a real PostgreSQL."""

from datetime import timedelta

import pytest

from registry.application.requests import NotIssued
from registry.batches.batch import WrongState
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.report import IntakeError, Problem
from registry.intake.rows.table_rows import TableRows
from registry.learners.erasure import erase
from tests.support.catalogues import Everything
from tests.support.results import Results
from tests.support.sis import TODAY, BatchSender

GRADUATION, LATER = TODAY + timedelta(days=3), TODAY + timedelta(days=9)
HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date,valid_from"


class Sis(BatchSender):
    """A university's system that sends rows."""

    def __init__(self, dsn, folder):
        super().__init__(dsn, folder)
        self.achievement = self.node.offer()

    def row(self, number, day="", awarded="2026-06-30", **other):
        achievement = other.get("achievement", self.achievement)
        return f"{other.get('record', f'r{number}')},{achievement},s{number},Jansen,Ada,2001-02-03,{awarded},{day}"

    def send(self, *rows, dry_run=False):
        return self.send_as("text/csv", "\n".join([HEADER, *rows, ""]), dry_run=dry_run)

    def issued(self):
        cursor = self.node.registry.cursor()
        return cursor.execute("SELECT count(*) AS n FROM vault.records").fetchone()["n"]


@pytest.fixture
def sis(dsn, tmp_path):
    made = Sis(dsn, tmp_path / "spool")
    yield made
    made.node.close()


def test_each_row_is_published_on_its_day_and_the_others_at_once(sis, tmp_path):
    batch = sis.send(
        sis.row(1, GRADUATION), sis.row(2), sis.row(3, LATER), sis.row(4, TODAY), sis.row(5, GRADUATION), sis.row(6)
    )
    assert sis.works(batch) == ("scheduled", 3, 0, 3)
    assert sis.batch_store.get(batch).publish_at.date() == GRADUATION
    sis.day = GRADUATION - timedelta(days=1)
    assert sis.works(batch) == ("scheduled", 3, 0, 3)
    sis.day = GRADUATION
    assert sis.works(batch) == ("scheduled", 5, 0, 1)
    assert sis.batch_store.get(batch).publish_at.date() == LATER
    sis.day = LATER + timedelta(days=30)  # the node was off on the day itself
    assert sis.works(batch) == ("done", 6, 0, 0)
    assert sis.issued() == 6
    assert (sis.batch_store.get(batch).unchanged, list((tmp_path / "spool").iterdir())) == (0, [])


def test_what_would_be_refused_on_its_day_is_told_at_once(sis):
    batch = sis.send(
        sis.row(1, GRADUATION),
        sis.row(2, GRADUATION, awarded="soon"),
        sis.row(3),
        sis.row(4, GRADUATION, record="r3"),
        sis.row(5, "in June"),
        sis.row(6, TODAY + timedelta(days=400)),
    )
    assert sis.works(batch) == ("scheduled", 1, 4, 1)
    found = [(one.line, one.field, one.code) for _, one in sis.batch_store.list_problems(batch, 9)]
    assert found == [
        (3, "awarding_date", ""),
        (5, "record", "record-differs"),
        (6, "valid_from", ""),
        (7, "valid_from", ""),
    ]
    sis.day = GRADUATION
    assert sis.works(batch) == ("done", 2, 4, 0)


def test_what_became_impossible_meanwhile_is_told_on_the_day(sis):
    batch = sis.send(sis.row(1, GRADUATION), sis.row(2, LATER), sis.row(3))
    assert sis.works(batch) == ("scheduled", 1, 0, 2)
    sis.node.registry.achievements.retire(sis.achievement)
    sis.day = GRADUATION
    assert sis.works(batch) == ("scheduled", 1, 1, 1)
    sis.day = LATER
    assert sis.works(batch) == ("done", 1, 2, 0)
    assert [one.field for _, one in sis.batch_store.list_problems(batch, 9)] == ["achievement", "achievement"]


def test_a_node_that_is_killed_on_the_day_goes_on_nothing_twice_nothing_lost(sis, monkeypatch):
    count = 2_500
    batch = sis.send(*(sis.row(n, GRADUATION if n % 2 else "") for n in range(count)))
    assert sis.works(batch) == ("scheduled", count // 2, 0, count // 2)
    sis.day = GRADUATION

    class Killed(BaseException):
        pass

    def killed(*_):
        raise Killed

    recorder = sis.node.registry.recorder
    monkeypatch.setattr(recorder, "insert_events", _after(1, recorder.insert_events, killed))
    with pytest.raises(Killed):
        sis.works(batch)
    monkeypatch.undo()
    found = sis.batch_store.get(batch)
    assert (found.state, found.issued, found.held) == ("working", count // 2 + 1000, count // 2 - 1000)
    assert sis.works(batch) == ("done", count, 0, 0)
    assert sis.issued() == count


def _after(times, act, then):
    """A function that acts a number of times, and then does something else."""
    left = iter(range(times))

    def made(*arguments, **more):
        return then() if next(left, None) is None else act(*arguments, **more)

    return made


def test_a_trial_says_what_would_be_issued_and_holds_nothing(sis):
    batch = sis.send(sis.row(1, GRADUATION), sis.row(2), dry_run=True)
    assert sis.works(batch) == ("done", 1, 0, 1)
    assert sis.issued() == 0


def test_a_trial_of_rows_of_one_record_says_what_becomes_of_them(sis):
    """A row that is issued at once comes before one that is held, wherever it stands."""
    rows = [
        sis.row(1, GRADUATION), sis.row(2, record="r1"), sis.row(3, GRADUATION), sis.row(3, GRADUATION), sis.row(4),
        sis.row(5, GRADUATION, record="r4"),
    ]  # fmt: skip
    state, *dry = sis.works(sis.send(*rows, dry_run=True))
    assert (state, dry) == ("done", [2, 2, 2])
    _, *real = sis.works(sis.send(*rows))
    assert dry == real


def test_what_may_be_right_on_its_day_is_noted_and_waits(sis, monkeypatch):
    """A part that has not come yet may have come by then."""
    batch = sis.send(sis.row(1, GRADUATION), sis.row(2, GRADUATION))
    check_all = sis.node.issuer.check_all

    def pending(rows):
        for row in rows:
            outcome = next(check_all([row]))
            early = NotIssued(row.record, "parts-refused", "parts", "pending: no such credential is known here yet")
            yield early if row.record == "r1" else outcome

    monkeypatch.setattr(sis.node.issuer, "check_all", pending)
    assert sis.works(batch) == ("scheduled", 0, 0, 2)
    [note] = sis.batch_store.get(batch).notes
    assert note.startswith("line 2 waits, and would be refused as things stand: parts-refused: pending")
    sis.day = GRADUATION
    assert sis.works(batch) == ("done", 2, 0, 0)


def test_a_batch_whose_content_is_gone_on_the_day_says_which_rows_were_not_published(sis):
    batch = sis.send(sis.row(1, GRADUATION), sis.row(2), sis.row(3, LATER))
    assert sis.works(batch) == ("scheduled", 1, 0, 2)
    sis.batch_store.forget(batch)
    sis.day = GRADUATION
    assert sis.works(batch) == ("failed", 1, 2, 0)
    assert [(one.line, one.code) for _, one in sis.batch_store.list_problems(batch, 9)] == [
        (2, "failed"),
        (4, "failed"),
    ]


def test_a_held_row_that_is_not_found_again_stops_nobody(sis):
    batch = sis.send(sis.row(1, GRADUATION), sis.row(2, GRADUATION), sis.row(3))
    assert sis.works(batch) == ("scheduled", 1, 0, 2)
    sis.node.registry.cursor().execute("UPDATE intake.held_rows SET line = 40 WHERE line = 2")
    sis.day = GRADUATION
    assert sis.works(batch) == ("done", 2, 1, 0)
    assert [one.line for _, one in sis.batch_store.list_problems(batch, 9)] == [40]


def test_rows_that_are_held_may_be_dropped(sis):
    batch = sis.send(sis.row(1, GRADUATION), sis.row(2))
    assert sis.works(batch) == ("scheduled", 1, 0, 1)
    assert sis.batch_store.cancel(batch).state == "cancelled"
    sis.day = GRADUATION
    assert sis.works(batch) == ("cancelled", 1, 1, 0)
    assert [(one.line, one.code, one.value) for _, one in sis.batch_store.list_problems(batch, 9)] == [
        (2, "cancelled", str(GRADUATION))
    ]
    with pytest.raises(WrongState):
        sis.batch_store.cancel(batch)


def test_a_learner_who_is_erased_waits_no_more_and_the_others_do(sis):
    batch = sis.send(sis.row(1), sis.row(1, GRADUATION, record="later"), sis.row(2, GRADUATION))
    assert sis.works(batch) == ("scheduled", 1, 0, 2)
    registry = sis.node.registry
    [gone] = registry.cursor().execute("SELECT learner::text FROM vault.records").fetchall()
    erase(registry, sis.batch_store, gone["learner"])
    assert sis.works(batch) == ("scheduled", 1, 1, 1)
    assert [(one.line, one.code) for _, one in sis.batch_store.list_problems(batch, 9)] == [(3, "erased")]
    sis.day = GRADUATION
    assert sis.works(batch) == ("done", 2, 1, 0)
    assert registry.cursor().execute("SELECT count(*) AS n FROM vault.learners").fetchone()["n"] == 1


def test_whoever_holds_nothing_refuses_a_row_before_its_day(sis, tmp_path):
    csv, ndjson = tmp_path / "rows.csv", tmp_path / "rows.ndjson"
    csv.write_text("\n".join([HEADER, sis.row(1, GRADUATION), sis.row(2, TODAY)]))
    ndjson.write_text(
        f'{{"record": "r1", "achievement": "{sis.achievement}", "student": "s1", "family_name": "Jansen",'
        f' "given_name": "Ada", "date_of_birth": "2001-02-03", "awarding_date": "2026-06-30",'
        f' "valid_from": "{GRADUATION}"}}\n'
    )
    [early], today = Results(TableRows(csv, Everything()))
    [[other]] = Results(NdjsonRows(ndjson, Everything()))
    for one in (early, other):
        assert isinstance(one, Problem)
        assert (one.field, "its day has not come" in one.detail) == ("valid_from", True)
    assert today.record == "r2"
    assert [row.day for row in TableRows(csv, Everything(), schedules=True)] == [GRADUATION, None]
    csv.write_text(HEADER.replace("valid_from", "validfrom"))
    with pytest.raises(IntakeError, match="is it 'valid_from'"):
        TableRows(csv, Everything())


def test_a_fault_that_a_batch_meets_ends_it_alone(sis, monkeypatch, capsys):
    batch = sis.send(sis.row(1))
    other = sis.send(sis.row(2))
    with monkeypatch.context() as broken:
        broken.setattr("registry.batches.handlers.Handler._open_rows", lambda _handler, _batch: int("Jansen"))
        assert sis.worker.step()
    assert sis.works(other) == ("done", 1, 0, 0)
    found = sis.batch_store.get(batch)
    assert (found.state, "ValueError" in found.error) == ("failed", True)
    assert "Jansen" not in found.error + capsys.readouterr().out


def test_a_batch_that_is_worked_through_is_not_cancelled_and_says_why(sis):
    batch = sis.send(sis.row(1))
    assert sis.batch_store.queue.take_up().batch == batch
    with pytest.raises(WrongState, match="is being worked through and cannot be cancelled now"):
        sis.batch_store.cancel(batch)
    assert sis.works(batch) == ("done", 1, 0, 0)
    with pytest.raises(WrongState, match="The batch is done and cannot be cancelled"):
        sis.batch_store.cancel(batch)
