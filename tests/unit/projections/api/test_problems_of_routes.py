"""Every problem that a reading route raises is one of the catalogue."""

import re
from pathlib import Path

import projections.api
from registry.http.problems import PROBLEM_TYPES

RAISED = re.compile(r'HttpProblem\(\s*"([a-z-]+)"')


def test_each_problem_of_a_route_is_in_the_catalogue():
    files = Path(projections.api.__file__).parent.glob("*.py")
    raised = {kind for file in files for kind in RAISED.findall(file.read_text())}
    assert "not-found" in raised
    assert raised <= set(PROBLEM_TYPES)
