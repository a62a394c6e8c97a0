"""What a hostile member publishes makes no read costly: held to the rows that are read, on real PostgreSQL."""

from datetime import date
from itertools import pairwise

import pytest

from projections.core import views
from projections.core.errors import TooCostly
from projections.credentials import credentials
from projections.feed import worklist
from projections.recognition.decisions import about
from projections.records import learners, universities
from projections.relations.reach import MAX_PART_ROWS
from projections.relations.stacks import Stacks
from projections.stacking import progress
from projections.stacking.stack_check import PlannedCredential, find_breaches
from tests.support.hostile import Counted, Hostile, ids_of
from tests.support.stacks import Members, part, ref

DAY = date(2026, 8, 31)


@pytest.fixture(scope="module")
def connection(postgres):
    with views.connect(postgres.dsn("bounds")) as opened:
        views.create(opened)
        yield opened


@pytest.fixture
def members(connection):
    """Twente's course and programme; Aveiro's course, of which the hostile credentials are."""
    return Members(connection)


@pytest.fixture
def hostile(members):
    achievement = members.offer(members.aveiro)
    members.see()
    return Hostile(members.connection, achievement)


def counted(members):
    return Counted(members.connection)


def test_a_credential_over_many_dense_layers_is_too_deep_and_read_without_its_inner_edges(members, hostile):
    layers = hostile.layers(6, 250, None)
    reading = counted(members)
    [shown] = credentials.read(reading, [("aveiro", layers[-1][0])])
    assert shown.flags == ["too-deep"]
    assert reading.rows < MAX_PART_ROWS + 5 * 2_500  # the layers are 312,500 rows of parts


def test_what_is_not_too_deep_is_judged_exactly_however_dense_it_is(members, hostile):
    layers = hostile.layers(5, 60, None, last="revoked")
    assert MAX_PART_ROWS < 4 * 60 * 60
    [shown] = credentials.read(members.connection, [("aveiro", layers[4][0])])
    assert shown.flags == ["impaired"]
    assert shown.impaired_by == [f"aveiro/{one}" for one in layers[0][:20]]


def test_dense_parts_are_told_with_the_same_flags_as_sparse_ones(members, hostile, monkeypatch):
    layers = hostile.layers(3, 10, None, last="revoked")
    chain = hostile.chain(18, None)
    keys = [("aveiro", one) for one in (layers[2][0], layers[0][0], chain[16], chain[17])]
    for key in keys:
        together = Stacks.read(members.connection, [key])
        monkeypatch.setattr("projections.relations.reach.MAX_PART_ROWS", 0)
        alone = Stacks.read(members.connection, [key])
        monkeypatch.undo()
        assert together.flags(key) == alone.flags(key)
        assert together.faults(key) == alone.faults(key)
        assert together.deep_parts(key) == alone.deep_parts(key)
    assert [together.flags(key)] == [["too-deep"]]


def test_a_learner_with_a_long_chain_has_a_record_in_pages_and_a_sum(members, hostile):
    chain = hostile.chain(900, members.learner)
    reading = counted(members)
    record = learners.read(reading, members.learner, limit=100)
    assert len(record.credentials) == 100
    assert record.next == f"aveiro/{sorted(chain)[99]}"
    # Of each that is not too deep, its 5 ECTS are the next one's too: the innermost adds 5, the others nothing.
    assert record.ects == 5
    assert reading.rows < 6_000
    seen, place = 100, record.next
    while place is not None:
        page = learners.read(members.connection, members.learner, after=tuple(place.split("/")), limit=100)
        seen, place = seen + len(page.credentials), page.next
    assert seen == 900


@pytest.mark.parametrize(("length", "why"), [(1_500, "that have parts"), (10_050, "active credentials")])
def test_a_learner_with_too_many_has_a_record_and_no_sum_which_is_said(members, hostile, length, why):
    if why == "that have parts":
        hostile.chain(length, members.learner)
    else:
        hostile.award(ids_of(length), members.learner, has_parts=False)
    reading = counted(members)
    record = learners.read(reading, members.learner, limit=50)
    assert (len(record.credentials), record.ects) == (50, None)
    assert why in record.ects_missing
    assert reading.rows < 5_000


@pytest.fixture
def few(monkeypatch):
    """A limit that little data passes."""
    monkeypatch.setattr("projections.relations.reach.MAX_PART_ROWS", 300)
    return 300


def test_a_learner_with_dense_layers_has_pages_that_end_early(members, hostile, few):
    hostile.layers(4, 20, members.learner)
    seen, place, pages = [], None, 0
    while True:
        reading = counted(members)
        page = learners.read(reading, members.learner, after=place, limit=80)
        assert page.credentials
        seen += [one.credential for one in page.credentials]
        pages += 1
        assert reading.rows < 10 * few
        if page.next is None:
            break
        place = tuple(page.next.split("/"))
    assert len(seen) == len(set(seen)) == 80
    assert pages > 1


def test_progress_looks_at_500_credentials_and_says_that_there_are_more(members, hostile):
    module = members.offer(members.twente)
    whole = members.compose(members.twente, required=[ref(members.twente, module)], min_ects=5)
    own = members.award(members.twente, module)
    members.see()
    hostile.award(ids_of(3_000), members.learner, has_parts=False)
    reading = counted(members)
    found = progress.read(reading, members.learner, ("twente", whole), on=DAY)
    assert [one.credential for one in found.parts] == [own]
    assert (found.complete, found.more, len(found.left)) == (True, True, 499)
    assert reading.rows < 3_000


def test_an_issuer_stacks_over_costly_parts_only_knowingly(members, hostile, few):  # noqa: ARG001 - a limit
    module = members.offer(members.twente)
    whole = members.compose(members.twente, required=[ref(members.twente, module)], min_ects=0)
    record = members.award(members.twente, module)
    members.see()
    hostile = Hostile(members.connection, hostile.achievement)
    layers = hostile.layers(3, 20, members.learner)
    chain = hostile.chain(17, members.learner)
    wanted = PlannedCredential(
        ("twente", whole), 1, members.learner, DAY,
        [part(members.twente, record), part(members.aveiro, chain[16])], None,
    )  # fmt: skip
    assert "too-deep" in {one.code for one in find_breaches(members.connection, wanted)}
    many = [part(members.aveiro, one) for one in layers[2][:6]]
    costly = find_breaches(members.connection, wanted._replace(parts=[part(members.twente, record), *many]))
    assert "too-costly" in {one.code for one in costly}


def test_a_list_of_credentials_with_dense_parts_comes_in_shorter_pages(members, hostile, few):  # noqa: ARG001 - a limit
    hostile.layers(3, 20, None)
    items, more = universities.awards(members.connection, "aveiro", date(2026, 1, 1), date(2026, 12, 31), limit=60)
    assert more
    assert 0 < len(items) < 60


def test_the_worklist_names_an_own_credential_whatever_others_pile_below_it(members, hostile):
    module = members.offer(members.aveiro)
    whole = members.compose(members.twente, required=[ref(members.aveiro, module)], min_ects=0)
    inner = members.award(members.aveiro, module)
    outer = members.award(members.twente, whole, 30, parts=[part(members.aveiro, inner)])
    members.aveiro.seal(members.aveiro.revoke(inner))
    members.see()
    hostile.layers(6, 20, None)
    reading = counted(members)
    found = worklist.read(reading, "twente")
    assert [(one.id, one.kind) for one in found.items] == [(outer, "impaired")]
    assert found.next is None
    assert reading.rows < 100


def test_others_cannot_make_a_credential_longer_to_read(members, hostile):
    module = members.offer(members.twente)
    mine = members.award(members.twente, module)
    members.agree(members.lund, members.twente, [module])
    members.see()
    hostile.agree(3_000, "twente", module)
    hostile.decide(3_000, "twente", mine)
    hostile.stack({one: [mine] for one in ids_of(3_000)}, of="twente")
    reading = counted(members)
    [shown] = credentials.read(reading, [("twente", mine)])
    assert [text.split("/")[0] for text in shown.recognised_by] == ["aveiro"] * 20 + ["lund"]
    assert shown.recognised_by_more
    record = learners.read(reading, members.learner)
    assert (len(record.decisions), record.more_decisions) == (20, True)
    assert reading.rows < 20
    first = about(members.connection, ("twente", mine), None, 2_000)
    rest = about(members.connection, ("twente", mine), first[-1], 2_000)
    assert len({*first, *rest}) == 3_000


def test_what_was_replaced_without_end_is_said_to_hold_no_longer(members, hostile, monkeypatch):
    monkeypatch.setattr("projections.relations.reach.MAX_REPLACEMENT_ROWS", 100)
    ids = ids_of(202)
    hostile.award(ids[:1], None, has_parts=True)
    hostile.award(ids[1:], None, has_parts=False, status="replaced")
    hostile.stack({ids[0]: [ids[1]]})
    for before, after in pairwise(ids[1:]):
        members.connection.execute("UPDATE credentials SET replaced_by = %s WHERE credential = %s", (after, before))
    [shown] = credentials.read(members.connection, [("aveiro", ids[0])])
    assert shown.flags == ["impaired"]
    with pytest.raises(TooCostly, match="replaced more than 100 times"):
        Stacks.read(members.connection, [("aveiro", ids[0]), ("aveiro", ids[1])])
