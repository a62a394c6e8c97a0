"""Looks through every table of a database for texts that are to stand nowhere."""

from base64 import b64encode

import psycopg


def forms_of(word):
    """The forms that a word may have in a column: as text, in hexadecimal, in base64 at each offset, in UTF-16."""
    raw = word.encode()
    encoded = [b64encode(b"\0" * offset + raw)[{0: 0, 1: 2, 2: 3}[offset] :].rstrip(b"=")[:-1] for offset in range(3)]
    plain = [raw, raw.lower(), raw.upper(), word.encode("utf-16-le"), *encoded]
    return {*plain, *(one.hex().encode() for one in plain)}


def tables_of(connection):
    """All tables that are not PostgreSQL's own, by schema and name."""
    return connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()


def found_in(dsn, words):
    """Where words stand: (schema.table, word), sorted."""
    found = set()
    with psycopg.connect(dsn) as connection:
        for schema, table in tables_of(connection):
            with connection.cursor().copy(f'COPY "{schema}"."{table}" TO STDOUT') as rows:
                content = b"".join(bytes(row) for row in rows)
            found |= {(f"{schema}.{table}", word) for word in words for form in forms_of(word) if form in content}
    return sorted(found)
