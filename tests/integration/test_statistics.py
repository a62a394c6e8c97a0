"""The published tables, counted from logs on a real PostgreSQL."""

import pytest

from consumers.projecting.projector import Projector
from projections.core import views
from projections.statistics.datasets import DESCRIPTIONS, read_datasets
from registry.wire.achievements import Composition
from registry.wire.forms import Ref
from tests.support.offices import assessed, decided, grant
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture(scope="module")
def tables(postgres):
    """Twente awards 30 in March and 3 in May, one of which it revokes; lund and aveiro decide about its achievement."""
    consortium = Consortium("aveiro", "lund", "twente")
    twente, lund, aveiro = (consortium.universities[name] for name in ("twente", "lund", "aveiro"))
    achievement, line = twente.publish()
    other, of_two_fields = twente.publish(eqf_level=7, fields_of_education=["0731", "011"])
    larger, composed = aveiro.publish(
        composition=Composition([Ref("twente", achievement)], [], 5, "forbidden"), fields_of_education=["041"]
    )
    twente.seal(line, of_two_fields)
    aveiro.seal(composed)
    aveiro.seal(*(aveiro.issue(larger, new_id())[1] for _ in range(12)))
    twente.seal(*(twente.issue(achievement, new_id())[1] for _ in range(30)))
    twente.seal(*(twente.issue(other, new_id())[1] for _ in range(14)))
    few = [twente.issue(achievement, new_id(), awarding_date="2026-05-02") for _ in range(3)]
    twente.seal(*(line for _, line in few), twente.revoke(few[0][0]))
    about = ("twente", achievement, 1)
    lund.seal(*(decided(lund, [about])[1] for _ in range(11)))
    lund.seal(*(decided(lund, [about], grant("refused", "level:lowerLevel"))[1] for _ in range(12)))
    aveiro.seal(assessed(aveiro, about)[1], decided(aveiro, [about], day="2025-12-01")[1])
    with views.connect(postgres.dsn("statistics")) as connection:
        views.create(connection)
        Projector(connection, consortium.log(), CONSORTIUM, consortium.founded).step()
        yield {name: {row.key: row.counts for row in table.rows} for name, table in read_datasets(connection).items()}


def test_every_table_is_there(tables):
    assert [*tables] == [each.name for each in DESCRIPTIONS]


def test_awards_are_counted_by_month_and_small_counts_with_a_neighbour_left_out(tables):
    assert tables["awards-by-month"] == {
        ("2026-03", "aveiro"): (None,),
        ("2026-03", "twente"): (None,),
        ("2026-05", "twente"): (None,),
    }
    assert tables["revocations"] == {("2026", "twente"): (None,)}


def test_awards_are_counted_by_the_first_field_and_the_level(tables):
    assert tables["awards-by-field-and-level"] == {
        ("2026", "06", "6"): (33, None),
        ("2026", "07", "7"): (14, 0),
        ("2026", "04", "6"): (12, 0),
    }


def test_credentials_of_composed_achievements_are_counted_as_larger_ones(tables):
    assert tables["larger-credentials"] == {("2026", "aveiro"): (12,)}


def test_recognition_is_counted_by_office_and_outcome(tables):
    shown = tables["recognition-by-month"]
    assert set(shown) == {
        ("2025-12", "aveiro", "full"), ("2026-03", "lund", "full"), ("2026-03", "lund", "refused"),
        ("2026-05", "aveiro", "full"),
    }  # fmt: skip
    assert shown["2025-12", "aveiro", "full"] == (None,)
    assert tables["recognition-by-field-and-level"] == {("06", "6", "full"): (13,), ("06", "6", "refused"): (12,)}


def test_flows_and_grounds_are_counted_by_year(tables):
    assert tables["flows"]["2025", "twente", "aveiro"] == (None, 0)
    assert tables["flows"]["2026", "twente", "lund"][1] == 12
    assert tables["grounds"] == {("2026", "level", "lowerLevel"): (12,)}


def test_no_table_shows_a_count_below_ten(tables):
    counts = [count for table in tables.values() for row in table.values() for count in row if count is not None]
    assert counts
    assert not [count for count in counts if 0 < count < 10]
