"""Views of a consortium that has decided a lot: achievements folded as ever, decisions put in by COPY.

Decisions are made up in SQL and copied into the views' tables; the counts are then made from them as the
projector does when it takes leaves back. Few achievements have most of the decisions, as in life; one has a tenth of
them all.
"""

import random
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from psycopg import Connection

from projections.catalogue.achievements import AchievementRows
from projections.catalogue.search_rows import SearchRows
from projections.core import views
from projections.core.copy import copy, line
from projections.precedents import rows as precedent_rows
from projections.recognition import decision_counts
from registry.postgres.embedded import start_embedded
from registry.rules.achievements import Achievement
from registry.rules.stream import MemberState
from registry.wire.achievements import LearningOutcome
from registry.wire.events import Event, encode
from registry.wire.governance import MemberRevised
from tests.bench.data import achievement

MEMBERS = 20
_COUNTRIES = ("NL", "SE", "PT", "DE", "ES", "FI", "IE", "NO", "FR", "IT")
_WORDS = {
    "en": "data machine learning robotics energy history medieval literature water climate ethics design statistics"
    " networks security chemistry biology genetics finance markets law policy health nursing education practice",
    "nl": "gegevens machine leren robotica energie geschiedenis middeleeuwen letterkunde water klimaat ethiek ontwerp"
    " statistiek netwerken veiligheid scheikunde biologie genetica financiering markten recht beleid gezondheid",
    "pt": "dados máquina aprendizagem robótica energia história medieval literatura água clima ética desenho"
    " estatística redes segurança química biologia genética finanças mercados direito política saúde educação",
}
_FIELDS = ("0222", "0311", "0413", "0511", "0541", "0611", "0613", "0713", "0912", "1015")


@contextmanager
def decided_views(achievements: int, decisions: int) -> Iterator[tuple[Connection, str]]:
    """Views of a number of achievements and decisions on their own server; a connection and its DSN."""
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder, start_embedded(Path(folder)) as server:
        dsn = server.dsn("bench")
        with views.connect(dsn) as connection:
            views.create(connection)
            offer(connection, achievements)
            decide(connection, decisions)
            connection.execute("VACUUM ANALYZE")
            views.only_read(connection)
            yield connection, dsn


def _member(name: str, number: int) -> str:
    """Return what governance says of a member."""
    country = _COUNTRIES[number % 10]
    content = MemberRevised(name, legal_name=f"University {number}", country=country, identifiers=[], accreditations=[])
    return msgspec.json.encode(content).decode()


def offer(connection: Connection, count: int, member_count: int = MEMBERS) -> None:
    """So many achievements of all members, with titles and outcomes in three languages."""
    chance = random.Random(1)
    members = [f"uni-{number}" for number in range(member_count)]
    copy(
        connection,
        "members",
        "member, country, standing, roles, keys, content",
        [line((m, _COUNTRIES[n % 10], "active", ["issuer"], [], _member(m, n))) for n, m in enumerate(members)],
    )
    words = {language: text.split() for language, text in _WORDS.items()}
    for number, member in enumerate(members):
        things, rows, search = MemberState(), AchievementRows(member), SearchRows(member)
        for place in range(number, count, member_count):
            identifier = str(uuid.UUID(int=place + 1, version=4))
            languages = chance.sample(list(words), chance.randint(1, 3))
            content = msgspec.structs.replace(
                achievement(member, identifier),
                title={one: " ".join(chance.choices(words[one], k=4)) for one in languages},
                learning_outcomes=[
                    LearningOutcome({one: " ".join(chance.choices(words[one], k=8)) for one in languages})
                    for _ in range(3)
                ],
                fields_of_education=[chance.choice(_FIELDS)],
                eqf_level=chance.choice([5, 6, 6, 6, 7, 7]),
                language=languages,
                ects=chance.choice([1, 2.5, 3, 5, 5, 10, 15]),
                participation=chance.sample(["onsite", "online", "blended"], chance.randint(1, 2)),
            )
            event = Event("1.0", "e", member, "achievement.published.v1", identifier, "2026-05-04T00:00:00Z", content)
            raw = encode(event)
            rows.take(event, place, raw)
            search.take(event, place, raw)
            things.achievements[identifier] = Achievement((content.ects,), False)  # noqa: FBT003 - not retired
        rows.write(connection, things)
        search.write(connection, things)


def decide(connection: Connection, count: int, member_count: int = MEMBERS) -> None:
    """So many decisions of all members about these achievements."""
    connection.execute("SELECT setseed(0.5)")
    for statement in _DECIDE.split(";"):
        connection.execute(statement.replace("COUNT", str(count)).replace("MEMBERS", str(member_count)).encode())
    connection.execute("ANALYZE")
    for number in range(member_count):
        precedent_rows.rebuild_counts(connection, f"uni-{number}")
        decision_counts.rebuild_counts(connection, f"uni-{number}")


_DECIDE = """
CREATE TEMP TABLE made AS
SELECT 'uni-' || floor(MEMBERS * random())::int AS member, gen_random_uuid() AS decision, n AS leaf,
    CASE WHEN random() < 0.02 THEN 'superseded' WHEN random() < 0.01 THEN 'withdrawn' ELSE 'inForce' END AS state,
    (ARRAY['admission', 'creditTransfer', 'creditTransfer', 'stacking'])[1 + floor(4 * random())::int] AS purpose,
    CASE WHEN random() < 0.1 THEN 'advisory' ELSE 'binding' END AS effect,
    date '2021-01-01' + floor(1825 * random())::int AS day,
    CASE WHEN random() < 0.7 THEN 'full' WHEN random() < 0.6 THEN 'partial' WHEN random() < 0.3 THEN 'conditional'
        WHEN random() < 0.3 THEN 'alternative' ELSE 'refused' END AS outcome,
    (ARRAY['workload:substantiallyLess', 'level:lowerLevel', 'profile:differentField', 'quality:notSupervised',
        'learningOutcomes:keyOutcomeMissing', 'profile:practiceMissing'])[1 + floor(6 * random() ^ 2)::int] AS ground,
    CASE WHEN random() < 0.3 THEN 'programme ' || floor(400 * random())::int END AS towards,
    CASE WHEN random() < 0.1 THEN 0
        ELSE floor(power(random(), 3) * (SELECT count(*) - 1 FROM achievements))::int END AS place
FROM generate_series(1, COUNT) AS n;
CREATE TEMP TABLE numbered AS SELECT member AS of_member, achievement,
    row_number() OVER (ORDER BY achievement) - 1 AS place FROM achievements;
CREATE TEMP TABLE whole AS SELECT m.*, n.of_member, n.achievement FROM made m JOIN numbered n USING (place);
INSERT INTO decisions SELECT member, decision, leaf, state, purpose, effect, day, NULL, NULL, json_build_object(
    'decision', decision, 'purpose', purpose, 'effect', effect, 'decisionDate', day,
    'basis', json_build_array(json_build_object('evidence', 'onLog', 'achievement',
        json_build_object('member', of_member, 'achievement', achievement, 'version', 1))),
    'grants', json_build_array(json_build_object('from', json_build_array(0), 'outcome', outcome,
        'mode', 'recognised', 'gradeTransfer', 'none'))) FROM whole;
INSERT INTO decision_bases SELECT member, decision, 0, of_member, achievement, 1, NULL FROM whole;
INSERT INTO programmes SELECT DISTINCT member, towards, to_tsvector('simple', towards) FROM whole
    WHERE towards IS NOT NULL;
INSERT INTO precedents SELECT member, leaf, 0, 0, 'decision', decision, state, of_member, achievement, 1, day, purpose,
    effect, outcome, CASE WHEN outcome = 'full' THEN '{}' ELSE ARRAY[ground] END, towards FROM whole
"""
