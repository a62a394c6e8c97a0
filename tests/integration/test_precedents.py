"""Precedents on a real PostgreSQL: what was decided is found, counted exactly, and told apart by its state."""

import random
from calendar import monthrange
from collections import Counter
from datetime import date
from itertools import pairwise, product

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from consumers.projecting.projector import Projector
from projections.core import views
from projections.core.errors import InvalidQuery
from projections.precedents import precedents
from projections.precedents.counts import split
from projections.precedents.query import PrecedentQuery
from projections.precedents.scope import scope_of
from registry.cursors import InvalidCursor
from registry.wire.governance import MemberRangeVoided
from tests.support.emptying import empty
from tests.support.examples import examples
from tests.support.memory_log import MemoryLog
from tests.support.offices import assessed, assessment_withdrawn, decided, grant, withdrawn
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        yield opened


def project(connection, consortium, log=None, **more):
    Projector(connection, log or consortium.log(), CONSORTIUM, consortium.founded, **more).step()


@pytest.fixture
def decided_about(connection):
    """Aveiro's achievement, and what twente and linkoping said of it."""
    consortium = Consortium("aveiro", "twente", "linkoping")
    aveiro, twente, linkoping = consortium.universities.values()
    achievement, published = aveiro.publish(
        title={"en": "Machine learning in practice", "pt": "Aprendizagem automática na prática"}
    )
    other, published_other = aveiro.publish(title={"en": "Medieval history"}, fields_of_education=["0222"])
    aveiro.seal(published, published_other)
    about = ("aveiro", achievement, 1)
    lines = [
        decided(twente, [about], day="2026-01-05"),
        decided(twente, [about], grant("partial", "workload:substantiallyLess"), day="2026-02-06"),
        decided(twente, [about], day="2026-02-07", purpose="creditTransfer", effect="advisory"),
        decided(twente, [("aveiro", other, 1)], grant("refused", "profile:differentField"), day="2026-02-20"),
    ]
    twente.seal(*(line for _, line in lines))
    appealed, line = decided(linkoping, [about], grant("refused", "level:lowerLevel"), day="2026-03-01")
    linkoping.seal(line)
    linkoping.seal(decided(linkoping, [about], grant(towards="MSc Robótica"), day="2026-04-01", supersedes=appealed)[1])
    project(connection, consortium)
    return about, [decision for decision, _ in lines]


def of(about, **more):
    return PrecedentQuery(member=about[0], achievement=about[1], **more)


def test_an_achievements_precedents_come_newest_first_with_counts_by_outcome_ground_and_office(
    connection, decided_about
):
    about, _ = decided_about
    found = precedents.search(connection, of(about))
    assert [(str(p.day), p.member, p.outcome) for p in found.items] == [
        ("2026-04-01", "linkoping", "full"),
        ("2026-02-07", "twente", "full"),
        ("2026-02-06", "twente", "partial"),
        ("2026-01-05", "twente", "full"),
    ]
    assert found.counts.outcomes == {"full": 3, "partial": 1}
    assert found.counts.grounds == {"workload:substantiallyLess": 1}
    assert found.counts.aspects == {"workload": 1}
    assert found.counts.offices == {"linkoping": {"full": 1}, "twente": {"full": 2, "partial": 1}}
    assert (found.counts.total, found.counts.superseded, found.counts.withdrawn) == (4, 1, 0)


def test_a_superseded_decision_is_shown_only_when_asked_for_and_says_what_took_its_place(connection, decided_about):
    about, _ = decided_about
    found = precedents.search(connection, of(about, every_state=True))
    states = {p.outcome: (p.state, p.superseded_by is not None) for p in found.items if p.member == "linkoping"}
    assert states == {"full": ("inForce", False), "refused": ("superseded", True)}
    assert found.counts.outcomes == {"full": 3, "partial": 1, "refused": 1}


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        ({"purpose": "creditTransfer"}, ["2026-02-07"]),
        ({"effect": "advisory"}, ["2026-02-07"]),
        ({"office": "linkoping"}, ["2026-04-01"]),
        ({"outcome": "partial"}, ["2026-02-06"]),
        ({"ground": "workload:substantiallyLess"}, ["2026-02-06"]),
        ({"begin": date(2026, 2, 6), "end": date(2026, 2, 6)}, ["2026-02-06"]),
        ({"begin": date(2026, 1, 6)}, ["2026-04-01", "2026-02-07", "2026-02-06"]),
        ({"towards": "robotica"}, ["2026-04-01"]),
        ({"towards": "MSc Robótica"}, ["2026-04-01"]),
        ({"version": 2}, []),
        ({"country": "SE"}, []),
        ({"country": "nl", "office": "twente", "purpose": "creditTransfer"}, ["2026-02-07"]),
    ],
)
def test_what_is_asked_narrows_list_and_counts_alike(connection, decided_about, asked, days):
    found = precedents.search(connection, of(decided_about[0], **asked))
    assert [str(p.day) for p in found.items] == days
    if not {"outcome", "ground"} & set(asked):
        assert found.counts.total == len(days)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"text": "machine learning"}, 4),
        ({"text": "aprendizagem AUTOMATICA"}, 4),
        ({"text": "practicing machines", "language": "en"}, 4),
        ({"text": "machine -practice"}, 0),
        ({"text": "history OR learning"}, 5),
        ({"text": '"practice machine"'}, 0),
        ({"field": "02"}, 1),
        ({"field": "06", "eqf_level": 6, "member": "aveiro"}, 4),
        ({"eqf_level": 7}, 0),
        ({"member": "aveiro"}, 5),
        ({}, 5),
        ({"member": "twente"}, 0),
        ({"end": date(2026, 2, 10)}, 3),
        ({"towards": "robotica", "text": "history"}, 0),
    ],
)
@pytest.mark.usefixtures("decided_about")
def test_achievements_are_found_by_words_field_level_and_issuer(connection, asked, count):
    found = precedents.search(connection, PrecedentQuery(**asked))
    assert (len(found.items), found.counts.total) == (count, count)


@pytest.mark.parametrize("name", ['a"b', "a\\b", '\\"', "a,b", "{a}", "NULL", " a ", "", "\n\t'"])
def test_a_member_of_any_name_is_asked_for_and_is_none(connection, name):
    query = of((name, new_id()))
    found = precedents.search(connection, query)
    assert (found.items, found.counts.total) == ([], 0)
    sent = scope_of(connection, query).parameters
    [[members, ids, versions]] = connection.execute(
        "SELECT %(members)s::text[], %(achievements)s::text[], %(versions)s::int[]", sent
    )
    assert (members, ids, versions) == ([name], [query.achievement], [None])


def test_pages_hold_every_precedent_once(connection, decided_about):
    about, _ = decided_about
    for query in (of(about, every_state=True), PrecedentQuery(), PrecedentQuery(text="learning")):
        whole = precedents.search(connection, query).items
        paged, cursor = [], None
        while True:
            page = precedents.search(connection, query, cursor=cursor, limit=2)
            paged += page.items
            if (cursor := page.next) is None:
                break
        assert paged == whole


def test_a_cursor_of_another_search_and_a_broken_one_are_refused(connection, decided_about):
    about, _ = decided_about
    cursor = precedents.search(connection, of(about), limit=1).next
    for query, wrong in ((PrecedentQuery(), cursor), (of(about), cursor[:-3]), (of(about), "é"), (of(about), "x")):
        with pytest.raises(InvalidCursor):
            precedents.search(connection, query, cursor=wrong)


@pytest.mark.parametrize(
    "asked",
    [
        {"achievement": new_id()},
        {"member": "aveiro", "achievement": "x"},
        {"member": "aveiro", "achievement": new_id(), "text": "data"},
        {"version": 1},
        {"text": "  -- "},
        {"text": "x" * 501},
        {"text": "the", "language": "en"},
        {"language": "en"},
        {"eqf_level": 9},
        {"field": "6"},
        {"purpose": "fun"},
        {"effect": "none"},
        {"outcome": "maybe"},
        {"ground": "level:no"},
        {"country": "NLD"},
        {"begin": date(2026, 2, 1), "end": date(2026, 1, 1)},
    ],
)
@pytest.mark.usefixtures("decided_about")
def test_what_cannot_be_asked_is_said(connection, asked):
    with pytest.raises(InvalidQuery):
        precedents.search(connection, PrecedentQuery(**asked))


def test_a_decision_about_an_achievement_that_is_not_known_yet_is_a_precedent_all_the_same(connection):
    consortium = Consortium("twente", "aveiro")
    twente, about = consortium.universities["twente"], ("aveiro", new_id(), 3)
    twente.seal(assessed(twente, about, valid_until="2027-01-01")[1])
    project(connection, consortium)
    (found,) = precedents.search(connection, of(about)).items
    assert (found.kind, found.title, str(found.valid_until), str(found.day)) == (
        "assessment",
        None,
        "2027-01-01",
        "2026-05-04",
    )


# The property: counts are what a recount of the published decisions gives, whatever happened in whatever batches.


def recounted(connection):
    """From the decisions and assessments as published, not from what is made of them."""
    found = Counter()
    for member, state, text in connection.execute("SELECT member, state, content::text FROM decisions"):
        data = msgspec.json.decode(text)
        for one in data["grants"]:
            for index in set(one["from"]):
                ref = data["basis"][index].get("achievement")
                if ref is not None:
                    add(found, member, state, ref, data["decisionDate"], data, one)
    for member, state, text in connection.execute("SELECT member, state, content::text FROM assessments"):
        data = msgspec.json.decode(text)
        add(found, member, state, data["achievement"], "2026-05-04", data, data)
    return found


def add(found, member, state, ref, day, data, one):
    whats = {one["outcome"]} | {f"{g['aspect']}:{g['difference']}" for g in one.get("grounds", ())}
    nil = "00000000-0000-0000-0000-000000000000"
    keys = (ref["member"], ref["achievement"], ref["version"]), (ref["member"], nil, 0), ("", nil, 0)
    sums = (day[:7], data["purpose"], data["effect"]), ("ever", data["purpose"], data["effect"]), ("ever", "", "")
    for key, (month, *asked), what in product(keys, sums, whats):
        found[*key, member, month, *asked, what, state] += 1


def kept(connection):
    rows = connection.execute(
        "SELECT of_member, achievement::text, version, member,"
        " CASE WHEN isfinite(month) THEN to_char(month, 'YYYY-MM') ELSE 'ever' END,"
        " purpose, effect, what, in_force, superseded, withdrawn FROM precedent_counts"
    )
    found = {}
    for *key, in_force, superseded, withdrawn_ in rows:
        for state, number in (("inForce", in_force), ("superseded", superseded), ("withdrawn", withdrawn_)):
            assert number >= 0
            if number:
                found[*key, state] = number
    return found


def acted(seed):
    """Two offices that decide, supersede, withdraw and assess; some of it is refused, some is voided later."""
    chance = random.Random(seed)
    consortium = Consortium("twente", "aveiro")
    achievements = [new_id() for _ in range(2)]
    codes = ["workload:substantiallyLess", "level:lowerLevel", "formal:alreadyCredited"]
    for name, office in consortium.universities.items():
        made, stated = [], []
        for _ in range(chance.randint(2, 12)):
            lines = []
            for _ in range(chance.randint(1, 3)):
                bases = [
                    (chance.choice(["twente", "aveiro"]), chance.choice(achievements), chance.randint(1, 2))
                    for _ in range(chance.randint(1, 2))
                ]
                grants = [
                    grant(
                        chance.choice(["full", "partial", "refused"]),
                        *chance.choices(codes, k=chance.randint(1, 3)),
                        of=chance.choices(range(len(bases)), k=chance.randint(1, 2)),
                        towards=chance.choice([None, "Robotics"]),
                    )
                    for _ in range(chance.randint(1, 2))
                ]
                act = chance.random()
                if act < 0.15 and made:
                    lines.append(withdrawn(office, chance.choice(made)))
                elif act < 0.3:
                    assessment, line = assessed(office, bases[0], chance.choice(["full", "partial"]))
                    stated.append(assessment)
                    lines.append(line)
                elif act < 0.4 and stated:
                    lines.append(assessment_withdrawn(office, chance.choice(stated)))
                else:
                    before = chance.choice([None, *made]) if made else None
                    day = f"2026-0{chance.randint(1, 9)}-{chance.randint(10, 28)}"
                    decision, line = decided(office, bases, *grants, day=day, supersedes=before)
                    made.append(decision)
                    lines.append(line)
            office.seal(*lines)
        if chance.random() < 0.4:
            begin = chance.randrange(office.tree.size)
            voided = MemberRangeVoided(name, begin, office.tree.size, office.head, "publishedByMistake")
            consortium.seal(consortium.line("member.range.voided.v1", name, voided))
    return consortium


@settings(max_examples=examples(30, thorough=150), deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_counts_are_those_of_a_recount_after_any_history_in_any_batches(connection, seed):
    consortium = acted(seed)
    chance = random.Random(seed)
    empty(connection, "views")
    log = MemoryLog()
    waiting = {"governance": list(consortium.records)}
    waiting |= {name: list(office.records) for name, office in consortium.universities.items()}
    for name in waiting:
        log.create(name)
    size = chance.choice([1, 1000, 1 << 20])
    while any(waiting.values()):
        name = chance.choice([n for n, records in waiting.items() if records])
        count = chance.randint(1, 4)
        log.append(name, waiting[name][:count])
        waiting[name] = waiting[name][count:]
        project(connection, consortium, log, batch_bytes=size)
        expected = recounted(connection)
        assert kept(connection) == expected
    for achievement in {key[:2] for key in expected if key[2] > 0}:
        query = PrecedentQuery(member=achievement[0], achievement=achievement[1])
        whole = precedents.search(connection, query, limit=500)
        assert whole.counts.outcomes == Counter(p.outcome for p in whole.items)
        narrowed = msgspec.structs.replace(query, begin=date(2026, 2, 14), end=date(2026, 6, 20))
        part = precedents.search(connection, narrowed, limit=500)
        assert part.items == [p for p in whole.items if date(2026, 2, 14) <= p.day <= date(2026, 6, 20)]
        assert part.counts.outcomes == Counter(p.outcome for p in part.items)
        assert part.counts.grounds == Counter(ground for p in part.items for ground in p.grounds)


@given(st.dates(), st.dates())
@example(date(9999, 12, 5), date(9999, 12, 31))
@example(date(9999, 12, 1), date(9999, 12, 31))
@example(date(1, 1, 1), date(1, 1, 30))
def test_a_period_is_whole_months_and_what_is_left_over_without_gap_or_overlap(one, other):
    begin, end = sorted([one, other])
    months, edges = split(begin, end)
    pieces = list(edges)
    if months is not None:
        assert months[0].day == months[1].day == 1
        last = months[1]
        pieces.append((months[0], last.replace(day=monthrange(last.year, last.month)[1])))
    pieces.sort()
    assert pieces[0][0] == begin
    assert pieces[-1][1] == end
    assert all(a[1].toordinal() + 1 == b[0].toordinal() for a, b in pairwise(pieces))
