"""PostgreSQL's programs come with an extra."""

import pytest

from registry.postgres import programs
from registry.postgres.programs import DatabaseUnavailable


def test_a_node_without_the_embedded_server_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda _: None)
    with pytest.raises(
        DatabaseUnavailable, match=r"credential-registry\[embedded\].*or set the\s+postgresql:// address"
    ):
        programs.programs()
