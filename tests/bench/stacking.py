"""A learner's progress towards a larger credential, in views of many: the median and the 99th percentile.

Each learner has forty credentials of twenty members; a part of them was decided on, others an agreement covers, some
are parts of other stacks already. The floor is the same SQL sent again with the same parameters, without our code
around it. STACKING_CREDENTIALS makes the views smaller or larger.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec
from psycopg import Connection

from projections.catalogue.achievements import AchievementRows
from projections.catalogue.search_rows import SearchRows
from projections.core import views
from projections.stacking import progress
from registry.postgres.embedded import start_embedded
from registry.rules.achievements import Achievement
from registry.rules.stream import MemberState
from registry.wire.achievements import Choice, Composition, LevelShare, OpenElective, SharingLimit
from registry.wire.events import Event, encode
from registry.wire.forms import Ref
from tests.bench.data import achievement
from tests.bench.recognition_data import offer
from tests.bench.result import Result
from tests.bench.searching import Recorder, percentile

CREDENTIALS = int(os.environ.get("STACKING_CREDENTIALS", "1000000"))
ACHIEVEMENTS = 2_000
EACH = 40
TRIES = 400
TARGET = 20.0
ISSUER = "uni-0"
WHOLE = "f0000000-0000-4000-8000-000000000000"
DAY = date(2026, 8, 31)


def stacking_bench() -> list[Result]:
    """Progress of learners at random: with gaps and their offers, as a page shows it."""
    with _views(CREDENTIALS) as connection:
        learners = [
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT learner::text FROM credentials TABLESAMPLE SYSTEM (20) LIMIT %s", (TRIES + 20,)
            )
        ]
        held = connection.execute("SELECT count(*) FROM credentials WHERE learner = %s", (learners[0],)).fetchone()
        assert held == (EACH,), held
        for learner in learners[TRIES:]:
            progress.read(connection, learner, (ISSUER, WHOLE), on=DAY)
        spent, floor, counting = [], [], []
        for learner in learners[:TRIES]:
            began = time.perf_counter()
            found = progress.read(connection, learner, (ISSUER, WHOLE), on=DAY)
            spent.append(1000 * (time.perf_counter() - began))
            assert found is not None
            counting.append(len(found.parts))
            recorder = Recorder(connection)
            progress.read(recorder, learner, (ISSUER, WHOLE), on=DAY)  # type: ignore[arg-type] # as a connection
            began = time.perf_counter()
            for statement, parameters in recorder.asked:
                connection.execute(statement, parameters).fetchall()
            floor.append(1000 * (time.perf_counter() - began))
        print(
            f"{statistics.mean(counting):.1f} of {EACH} credentials count on average; {len(recorder.asked)} statements"
        )
        return [
            _result("median", statistics.median(spent), statistics.median(floor)),
            _result("p99", percentile(spent), percentile(floor)),
        ]


def _result(which: str, spent: float, floor: float) -> Result:
    return Result(f"stacking-{which}", "ms", spent, f"< {TARGET:.0f}", spent < TARGET, floor, spent / floor)


@contextmanager
def _views(credentials: int) -> Iterator[Connection]:
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder, start_embedded(Path(folder)) as server:
        dsn = server.dsn("bench")
        with views.connect(dsn) as connection:
            views.create(connection)
            offer(connection, ACHIEVEMENTS)
            _compose(connection)
            for statement in _AWARD.split(";"):
                filled = statement.replace("LEARNERS", str(credentials // EACH)).replace("EACH", str(EACH))
                connection.execute(filled.encode())
            connection.execute("VACUUM ANALYZE")
            yield connection


def _compose(connection: Connection) -> None:
    """A programme that names forty achievements and takes others of a kind, with limits of every sort."""
    known = [
        Ref(*row)
        for row in connection.execute(
            "SELECT member, achievement::text FROM achievements ORDER BY achievement LIMIT 400"
        )
    ]
    named = known[::10]
    composition = Composition(
        required=named[:3],
        choices=[Choice(named[3:12], min_ects=10), Choice(named[12:24], min_count=2), Choice(named[24:], min_ects=5)],
        min_ects=120,
        sharing=SharingLimit(30),
        open=OpenElective(["06", "05"], [6, 7], 60),
        capstone=named[-1],
        min_own_ects=20,
        max_credited_ects=100,
        min_ects_at_level=[LevelShare(7, 15)],
        excludes=[named[4:6], named[14:16]],
        max_age_months=60,
    )
    content = msgspec.structs.replace(
        achievement(ISSUER, WHOLE), kind="programme", ects=120, composition=composition, title={"en": "Programme"}
    )
    event = Event("1.0", "e", ISSUER, "achievement.published.v1", WHOLE, "2026-05-04T00:00:00Z", content)
    things, rows, search = MemberState(), AchievementRows(ISSUER), SearchRows(ISSUER)
    rows.take(event, 1_000_000, raw := encode(event))
    search.take(event, 1_000_000, raw)
    things.achievements[WHOLE] = Achievement((120,), False)  # noqa: FBT003 - not retired
    rows.write(connection, things)
    search.write(connection, things)


_AWARD = """
SELECT setseed(0.5);
CREATE TEMP TABLE numbered AS SELECT v.member, v.achievement, v.ects,
    row_number() OVER (ORDER BY v.achievement) - 1 AS place FROM achievement_versions v WHERE v.kind <> 'programme';
CREATE TEMP TABLE people AS SELECT gen_random_uuid() AS learner, n FROM generate_series(1, LEARNERS) AS n;
CREATE TEMP TABLE awarded AS
SELECT p.learner, gen_random_uuid() AS credential, p.n * EACH + k AS leaf,
    date '2021-01-01' + floor(2000 * random())::int AS day,
    CASE WHEN random() < 0.4 THEN 10 * floor(40 * random())::int ELSE floor(2000 * random())::int END AS place,
    random() AS chance
FROM people p CROSS JOIN generate_series(1, EACH) AS k;
INSERT INTO credentials
SELECT n.member, a.credential, a.leaf, n.achievement, 1, a.learner, NULL, a.day, n.ects, NULL,
    CASE WHEN a.chance < 0.02 THEN 'revoked' ELSE 'active' END, NULL, NULL, a.chance > 0.95
FROM awarded a JOIN numbered n USING (place);
INSERT INTO parts
SELECT s.member, s.credential, row_number() OVER (PARTITION BY s.credential) - 1, c.member, c.credential, 1,
    NULL, NULL, NULL
FROM credentials s CROSS JOIN LATERAL (
    SELECT * FROM credentials c WHERE c.learner = s.learner AND NOT c.has_parts ORDER BY c.credential LIMIT 3) AS c
WHERE s.has_parts;
CREATE TEMP TABLE decided AS SELECT c.*, gen_random_uuid() AS decision FROM credentials c
WHERE c.member <> 'uni-0' AND random() < 0.15;
INSERT INTO decisions
SELECT 'uni-0', decision, leaf, 'inForce', 'stacking', 'binding', awarding_date, NULL, NULL, json_build_object(
    'decision', decision, 'purpose', 'stacking', 'effect', 'binding', 'decisionDate', awarding_date,
    'basis', json_build_array(json_build_object('evidence', 'onLog',
        'achievement', json_build_object('member', member, 'achievement', achievement, 'version', 1),
        'credential', json_build_object('member', member, 'credential', credential))),
    'grants', json_build_array(json_build_object('from', json_build_array(0), 'outcome', 'full', 'ects', 2,
        'mode', 'recognised', 'gradeTransfer', 'none'))) FROM decided;
INSERT INTO decision_bases SELECT 'uni-0', decision, 0, member, achievement, 1, credential FROM decided;
INSERT INTO agreements
SELECT 'uni-0', agreement, n, 'uni-' || n, true, '{6,7}', '{06}', '2021-01-01', NULL, NULL, json_build_object(
    'agreement', agreement, 'with', 'uni-' || n, 'achievements', json_build_object('eqfLevels', json_build_array(6, 7),
        'fieldsOfEducation', json_build_array('06')), 'includeRevisions', true, 'purpose', 'stacking',
    'outcome', 'full', 'ectsRatio', 0.5, 'validFrom', '2021-01-01')
FROM (SELECT gen_random_uuid() AS agreement, n FROM generate_series(1, 10) AS n) AS made
"""
