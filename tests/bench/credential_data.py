"""Many credentials in the views, put in by SQL: of achievements that `recognition_data.offer` made.

A learner has four on average, of any members; few achievements have most of the credentials, as in life. One in fifty
is stacked from three others, one in a hundred was suspended or revoked. What kept counts say is counted as the
projector does when it takes leaves back. Keys and indexes are made when all is there: ten millions take minutes.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import Connection

from projections.credentials import award_counts

PER_LEARNER = 4
_STACKED = 50


def award(connection: Connection, count: int) -> None:
    """So many credentials, as rows of the views; and each member's position."""
    connection.execute("SELECT setseed(0.25); SET work_mem TO '512MB'; SET maintenance_work_mem TO '1GB'")
    text = _AWARD.replace("COUNT", str(count)).replace("LEARNERS", str(max(1, count // PER_LEARNER)))
    with _without_indexes(connection, "credentials", "parts", "status_changes"):
        for statement in text.replace("STACKED", str(_STACKED)).split(";"):
            connection.execute(statement.encode())
    connection.execute("ANALYZE credentials")
    for (member,) in connection.execute("SELECT member FROM positions").fetchall():
        award_counts.rebuild_counts(connection, member)
    connection.execute("RESET work_mem; RESET maintenance_work_mem")


@contextmanager
def _without_indexes(connection: Connection, *tables: str) -> Iterator[None]:
    """Drop the keys and indexes of empty tables, and make them again afterwards."""
    keys = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'p' AND conrelid = ANY(%s::regclass[])",
        (list(tables),),
    ).fetchall()
    for table, name, _ in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
    indexes = connection.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY(%s::regclass[])",
        (list(tables),),
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
    yield
    for table, name, definition in keys:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}".encode())
    for _, definition in indexes:
        connection.execute(definition.encode())


_AWARD = """
CREATE TEMP TABLE offered AS SELECT member, achievement, ects,
    row_number() OVER (ORDER BY achievement) - 1 AS place FROM achievement_versions WHERE version = 1;
CREATE TEMP TABLE awarded AS
SELECT n, md5('c' || n)::uuid AS credential, md5('l' || floor(LEARNERS * random())::bigint)::uuid AS learner,
    floor(power(random(), 2) * (SELECT count(*) FROM offered))::bigint AS place,
    date '2021-01-01' + floor(1825 * random())::int AS day,
    CASE WHEN random() < 0.005 THEN 'suspended' WHEN random() < 0.005 THEN 'revoked' ELSE 'active' END AS status
FROM generate_series(1, COUNT) AS n;
ANALYZE awarded;
INSERT INTO credentials
SELECT o.member, a.credential, a.n, o.achievement, 1, a.learner, NULL, a.day, o.ects, NULL, a.status, NULL,
    translate(encode(decode(md5('x' || a.n) || md5('y' || a.n), 'hex'), 'base64'), '+/=', '-_'),
    a.n % STACKED = 0
FROM awarded a JOIN offered o USING (place);
INSERT INTO parts
SELECT c.member, c.credential, p.part, o.member, b.credential, o.ects, NULL, NULL, NULL
FROM credentials c CROSS JOIN generate_series(0, 2) AS p (part)
JOIN awarded b ON b.n = (c.leaf * 7 + p.part) % COUNT + 1 JOIN offered o ON o.place = b.place
WHERE c.has_parts;
INSERT INTO status_changes SELECT member, credential, leaf, status, true, true FROM credentials
    WHERE status <> 'active';
INSERT INTO positions (member, size, root, hashes, governance, next)
SELECT member, max(leaf) + 1, decode(repeat('00', 32), 'hex'),
    decode(repeat('00', 32 * bit_count((max(leaf) + 1)::bigint::bit(64))::int), 'hex'), 1, 0
FROM credentials GROUP BY member
    ON CONFLICT DO NOTHING;
DROP TABLE awarded; DROP TABLE offered
"""
