"""What heads the precedents beside a case."""

from types import SimpleNamespace

import pytest

from registry.server.pages.office.beside_case import Precedents
from registry.server.pages.templates import environment


@pytest.mark.parametrize(
    ("offices", "head"),
    [
        ({"lund": {"full": 11, "partial": 10}}, "21 decisions in force"),
        ({"lund": {"full": 3}, "aveiro": {"refused": 1}}, "4 decisions in force"),
        ({"lund": {"full": 3}, "aveiro": {"full": 1}}, "2 of 2 offices: Recognised in full"),
    ],
)
def test_one_outcome_heads_precedents_only_where_all_decisions_have_it(offices, head):
    panel = Precedents(0, offices, "full", 2)
    now = SimpleNamespace(recognised_by=["twente/a"], title={"en": "Statistics"})
    page = (
        environment("en")
        .get_template("office/precedents.html")
        .render(
            page=SimpleNamespace(beside=SimpleNamespace(precedents=[panel])),
            view=SimpleNamespace(subjects=[SimpleNamespace(now=now)]),
            own="twente",
            names={},
            url=lambda path, **_: path,
            glyph=lambda _tone, text: text,
        )
    )
    assert f"<p>{head}</p>" in page
