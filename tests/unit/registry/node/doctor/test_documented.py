"""The page about the doctor lists every check with its question, and nothing else."""

import re
from pathlib import Path

from registry.node.doctor.doctor import CHECK_NAMES, SETTINGS_READABLE, THREADS

PAGE = Path(__file__).parents[5] / "docs" / "doctor.md"


def test_the_page_lists_every_check_with_its_question():
    section = PAGE.read_text().partition("## The checks")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+\.[a-z-]+)` \| (.+) \|$", section, re.MULTILINE))
    questions = {check.name: check.question for checks in THREADS.values() for check in checks}
    assert rows == {SETTINGS_READABLE: "Are all settings known and valid?", **questions}
    assert list(rows) == list(CHECK_NAMES)


def test_no_two_checks_have_one_name():
    assert len(set(CHECK_NAMES)) == len(CHECK_NAMES)
