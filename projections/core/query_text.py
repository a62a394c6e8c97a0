"""Turn what people type into a PostgreSQL text query: words, "phrases", OR, and -words that must be absent."""

import re
from typing import Final

from psycopg import Connection

from projections.core.errors import InvalidQuery
from projections.core.texts import plain, rules_of
from projections.queries import load_query

_LONGEST: Final = 500
_NOT: Final = re.compile(r'(?:^|(?<=\s))-("[^"]*"|\S+)')


def parse_words(connection: Connection, text: str, language: str | None = None) -> str:
    """Return the `tsquery`, as text, that finds these words in any language of the views, or by one language's rules.

    All words must occur within one language; a -word must be absent from all languages. Raises `InvalidQuery` for a
    text without a word to look for.
    """
    if len(text) > _LONGEST:
        raise InvalidQuery("text", f"longer than {_LONGEST} characters")
    folded = plain(text)
    row = connection.execute(
        load_query("text_conditions"),
        {
            "rules": [rules_of(language)] if language else None,
            "wanted": _NOT.sub(" ", folded),
            "unwanted": [word.strip('"') for word in _NOT.findall(folded)],
        },
    ).fetchone()
    if row is None or not row[0]:
        raise InvalidQuery("text", f"there is no word to look for in {text[:60]!r}; use others, or more of them")
    return str(row[0])
