"""The named queries of this folder, one file each."""

from functools import cache
from importlib import resources


@cache
def named(name: str) -> bytes:
    """The text of `name`.sql, as psycopg takes it: parameters are `%(name)s`."""
    return resources.files("projections.queries").joinpath(f"{name}.sql").read_bytes()
