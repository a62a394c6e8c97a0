"""The documentation speaks of what is there: files, links, anchors, event types, refusals, generated pages."""

import base64
import json
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from registry.cli.app import app_for
from registry.cli.reference import events
from registry.cli.reference.event_texts import GOVERNANCE_REFUSALS, MEANINGS
from registry.cli.reference.field_texts import BEYOND, FIELDS
from registry.cli.reference.markdown import anchor
from registry.wire.commit import parse
from registry.wire.events import GOVERNANCE_TYPES, MEMBER_TYPES

ROOT = Path(__file__).parents[2]
LISTED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=ROOT, check=True, capture_output=True, text=True,
).stdout.split()  # fmt: skip
PAGES = sorted(name for name in LISTED if (ROOT / name).is_file())
MODULES = [
    name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()
    if (ROOT / name).is_file()
]  # fmt: skip
NAMED_IN_CODE = re.compile(r"[\w./-]*\w\.md\b|docs/decisions/\d{4}\b(?!-)")
NAMED = re.compile(
    r"(?<![\w/.-])(?:registry|projections|consumers|tests|deploy|docs)/[\w./-]*\.(?:py|sql|toml|md|typ|j2|json)\b"
)
NAMES_IN_FILE = re.compile(r"`((?:registry|projections|consumers)/[\w/.]+\.py)`: ((?:`[\w.]+`(?:, )?)+)")
"""A file, and the names that a page says are in it."""
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
TOP = get_command(app_for([]))
NOT_OF_TODAY = {"CHANGELOG.md"}
"""A changelog names files as they were."""


def text_of(name):
    """A page without its blocks of code, whose words are not links."""
    return re.sub(r"^```.*?^```", "", (ROOT / name).read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors_of(name):
    headings = re.findall(r"^#{1,6} (.+)$", text_of(name), re.MULTILINE)
    return {anchor(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)) for heading in headings}


@pytest.mark.parametrize("name", [name for name in PAGES if name not in NOT_OF_TODAY])
def test_every_file_that_a_page_names_exists(name):
    named = set(NAMED.findall((ROOT / name).read_text()))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name not in NOT_OF_TODAY])
def test_every_function_and_class_that_a_page_names_is_in_its_file(name):
    missing = []
    for path, names in NAMES_IN_FILE.findall((ROOT / name).read_text()):
        code = (ROOT / path).read_text()
        for called in re.findall(r"`([\w.]+)`", names):
            last = called.rpartition(".")[2]
            if not re.search(rf"\b(?:def|class) {last}\b|^ *{last}\b", code, re.MULTILINE):
                missing.append(f"{path}: {called}")
    assert missing == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_package_and_module_that_a_page_names_exists(name):
    named = set(re.findall(r"`((?:registry|projections|consumers)(?:\.[a-z_]+)+)`", (ROOT / name).read_text()))
    assert named
    missing = [name for name in sorted(named) if find_spec(name) is None]
    assert missing == []


@pytest.mark.parametrize("folder", ["consumers", "deploy", "docs", "projections", "registry", "tests"])
def test_every_page_and_decision_that_a_python_file_names_exists(folder):
    wrong = [
        (name, named)
        for name in MODULES
        if name.startswith(f"{folder}/")
        for named in NAMED_IN_CODE.findall((ROOT / name).read_text())
        if not is_a_page(named)
    ]
    assert wrong == []


def is_a_page(named):
    """Whether code names a page: from the root, from `docs/`, from its package or by its name alone; or a decision."""
    ending = "-" if re.fullmatch(r"docs/decisions/\d{4}", named) else ""
    text = f"/{named.lstrip('./')}{ending}"
    return any(text in f"/{page}" if ending else f"/{page}".endswith(text) for page in PAGES)


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith("README.md")])
def test_every_file_that_a_package_readme_names_by_its_short_name_is_in_that_package(name):
    folder = (ROOT / name).parent
    short = set(re.findall(r"`([\w/]+\.(?:py|sql))`", (ROOT / name).read_text()))
    places = [folder, ROOT, *(ROOT / package for package in ("registry", "consumers", "projections"))]
    assert [path for path in sorted(short) if not any((place / path).exists() for place in places)] == []


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith("README.md") and "/" in name])
def test_every_name_that_a_package_readme_has_in_code_is_somewhere_in_the_code(name):
    named = re.findall(r"`(?:[A-Za-z_]\w*\.)*(_?[a-z]+_\w+)(?:\(\))?`", text_of(name))
    assert sorted(set(named) - words_of_code()) == []


@cache
def words_of_code():
    files = subprocess.run(
        ["git", "ls-files", "*.py", "*.sql", "*.toml", "*.typ", "Makefile"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    words = {Path(name).stem for name in files}
    return words.union(*(re.findall(r"\w+", (ROOT / name).read_text()) for name in files if (ROOT / name).is_file()))


@pytest.mark.parametrize("name", PAGES)
def test_every_relative_link_and_anchor_leads_somewhere(name):
    wrong = []
    for target in LINK.findall(text_of(name)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        page = (ROOT / name).parent / path if path else ROOT / name
        found = page.exists() and (not heading or heading in anchors_of(page.resolve().relative_to(ROOT)))
        if not found:
            wrong.append(target)
    assert wrong == []


@pytest.mark.parametrize("name", [name for name in PAGES if name not in NOT_OF_TODAY])
def test_every_command_that_a_page_shows_is_there_with_its_options(name):
    text = (ROOT / name).read_text()
    fenced = "\n".join(re.findall(r"^```.*?^```", text, flags=re.DOTALL | re.MULTILINE))
    shown = [
        *re.findall(r"^(registry [^\n#]*)", fenced, re.MULTILINE),
        *re.findall(r"^ {4}(registry [^\n#]*)", text, re.MULTILINE),
        *re.findall(r"`(registry [^`…]*)`", text),
    ]
    shown = [line for line in shown if not re.fullmatch(r"registry [a-z ]+ 1", line)]  # names of formats
    wrong = []
    for line in shown:
        command, words = TOP, line.split()[1:]
        known = {"--home", "--log-level", "--version", "--help"}
        for place, word in enumerate(words):
            if word in {"&&", "|", ">", ";", "..."}:
                break
            if isinstance(command, TyperGroup) and word in command.commands and not takes(words[:place]):
                command = command.commands[word]
            elif word.startswith("--"):
                options = {each for one in command.params for each in (*one.opts, *one.secondary_opts)}
                if word.partition("=")[0].rstrip(".,;:)") not in options | known:
                    wrong.append(line)
            elif isinstance(command, TyperGroup) and re.fullmatch(r"[a-z][a-z-]+", word) and not takes(words[:place]):
                wrong.append(line)
    assert wrong == []


def takes(words):
    """Whether the last of these words is an option, which may take the next word as its value."""
    return bool(words) and words[-1].startswith("--")


def test_the_generated_pages_are_what_the_code_says():
    checked = subprocess.run(
        [sys.executable, "-m", "registry.cli.reference", "--check"],
        check=False, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_catalogue_has_every_event_type_and_every_refusal():
    page = (ROOT / "docs" / "events.md").read_text()
    types = {**GOVERNANCE_TYPES, **MEMBER_TYPES}
    assert set(MEANINGS) == set(types)
    assert set(events.RULES) == set(MEMBER_TYPES)
    assert set(GOVERNANCE_REFUSALS) == set(GOVERNANCE_TYPES)
    assert set(BEYOND) <= set(types)
    assert [name for name in types if f"### {name}\n" not in page] == []
    assert [name for name, text in FIELDS.items() if f"| {text} |" not in page] == []
    assert [code for code in events.codes() if f"| `{code}` |" not in page] == []


def test_the_catalogue_names_each_refusal_that_the_vectors_have():
    seen = set()
    for case in json.loads((ROOT / "tests" / "vectors" / "folds.json").read_text()):
        for origin, records in case["streams"].items():
            member = origin.partition("/")[2]
            expected = case["expect"]["members"].get(member) if member else case["expect"]["governance"]
            lines = [
                line
                for record, verdict in zip(records, (expected or {"verdicts": []})["verdicts"], strict=False)
                if verdict == "ok"
                for line in parse(base64.b64decode(record)).lines
            ]
            for leaf, code in expected["refused"] if expected else []:
                kind = re.search(rb'"type": ?"([^"]+)"', lines[leaf])  # not every line is JSON
                seen.add((kind[1].decode() if kind else "", code))
    assert seen
    unnamed = {(name, code) for name, code in seen if name in MEANINGS and code not in events.refusals_of(name)}
    assert unnamed == set()
