"""A number with its noun, as messages write it."""


def plural(number: int, noun: str) -> str:
    """Return a number with its noun: `1 signature`, `2 signatures`, `2 entries`."""
    several = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}{'es' if noun.endswith(('ch', 's', 'x')) else 's'}"
    return f"{number:,} {noun if number == 1 else several}"
