"""Everything that this node knows of one person, as a PDF in plain words, for the learner who asks (GDPR, Art. 15).

It has what `registry.privacy.access_archive` has, but the contents of files: these are in the archive alone. Tables and
lists are cut where they are long, and say which file of the archive has the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from registry.export.paper.certificate_page import say_birth
from registry.export.paper.sheet import compile_pdf
from registry.export.paper.stored_data_page import (
    Group,
    list_values,
    say_day,
    say_moment,
    show_group,
    value_rows,
    value_span,
)
from registry.export.paper.wording import PaperLanguage, PaperWording, paper_wording
from registry.letters.spans import Span, clean, own, pick_span, plain
from registry.privacy.access_archive import AccessArchive, StoredCase
from registry.privacy.personal_columns import ACTIVITIES
from registry.privacy.processing_record import list_kept
from registry.settings.retention import KeptBasis, RetentionSetting
from registry.wire.governance import MemberRevised

_PERSON: Final = {
    "familyName": "entry.e11",
    "givenName": "entry.e12",
    "dateOfBirth": "entry.e13",
    "student": "entry.e14",
    "studentNumber": "entry.e14",
    "formerStudent": "stored_label.formerNumber",
    "nationalId": "stored_label.nationalId",
    "grade": "label.grade",
    "originalGrade": "label.originalGrade",
    "note": "label.note",
}
"""The words of claims and of the vault's names for a person."""
_PURPOSES: Final = ("issuing", "intake", "recognition", "accountability", "rights", "publishing", "notices")
"""The activities with data of learners: all but that about accounts of staff."""
ABSENT_WORDS: Final = ("keys", "intake", "documents", "backups", "members")
"""The words for what is not in an archive, in the order of `NOT_INCLUDED`."""
_RIGHTS: Final = ("correct", "restrict", "erase", "take", "complain")


class Rules(NamedTuple):
    """A node's rules of how long data stays, and the legal bases of what an erasure leaves."""

    retention: RetentionSetting
    bases: KeptBasis


class Section(NamedTuple):
    """A section of the list: the key of its heading, and its groups."""

    name: str
    groups: list[Group]


def write_access_pdf(
    archive: AccessArchive,
    university: MemberRevised | None,
    rules: Rules,
    language: PaperLanguage,
    fonts: Sequence[Path] = (),
) -> bytes:
    """Return the PDF (PDF/A-3a and PDF/UA-1). `university` is as governance describes it; None where it does not.

    `fonts` are folders with fonts for scripts that those of the compiler lack. Raises `ExportError`.
    """
    say = paper_wording(language)
    export = archive.export
    day = export.written.date()
    name = clean(export.university if university is None else university.legal_name)
    sections = [*_own_sections(archive, say), *_part_sections(archive, say), *_closing_sections(archive, rules, say)]
    place = [] if university is None else [university.locality or "", say.country(university.country)]
    data = {
        "lang": say.language,
        "title": say("stored.title"),  # names no person: it is in the file's metadata
        "author": name,
        "day": {"year": day.year, "month": day.month, "day": day.day},
        "page": say("form.page"),
        "foot": f"{name}, {export.learner}",
        "place": plain(", ".join(filter(None, place))),
        "homepage": None if university is None else university.homepage,
        "lead": own(say("stored.lead", name=name, date=say.date(day)), say),
        "nothing": say("stored.nothing"),
        "sections": [
            {
                "heading": say(f"stored_section.{section.name}"),
                "groups": [show_group(group, say) for group in section.groups],
            }
            for section in sections
        ],
    }
    return compile_pdf("stored_data", data, day, (), fonts)


def _label(key: str, say: PaperWording) -> Span:
    return own(say(key), say)


def _facts(facts: Sequence[tuple[str, Span | None]], say: PaperWording, heading: Span | None = None) -> Group:
    """Return a group with one row a fact, without those that are not known."""
    rows = [[_label(key, say), value] for key, value in facts if value is not None and value["text"]]
    return Group(heading, _heads(("what", "data"), say), rows)


def _heads(names: Sequence[str], say: PaperWording) -> list[str]:
    return [say(f"stored_label.{name}") for name in names]


def _person_facts(person: Mapping[str, Any], say: PaperWording) -> list[tuple[str, Span | None]]:
    facts: list[tuple[str, Span | None]] = []
    for name, key in _PERSON.items():
        value = person.get(name)
        if value is None:
            continue
        if name == "dateOfBirth":
            facts.append((key, own(say_birth(str(value), say), say)))
        else:
            facts += [(key, value_span(text)) for _, text in list_values(value)]
    return facts


def _own_sections(archive: AccessArchive, say: PaperWording) -> Iterator[Section]:
    """Yield the person, their credentials here, and what universities published of them."""
    export = archive.export
    person = [
        *_person_facts(export.person, say),
        ("stored_label.learner", plain(export.learner)),
        *(("stored_label.merged", plain(each)) for each in archive.merged_learners),
    ]
    groups = [_facts(person, say)]
    groups += [_facts(_person_facts(each, say), say, _label("stored_label.formerly", say)) for each in export.formerly]
    groups += [
        Group(_label("stored_label.changes", say), _heads(("what", "data"), say), value_rows(each))
        for each in export.merges_and_splits
    ]
    yield Section("person", groups)
    titles = {view.credential: pick_span(view.title, say) for view in export.published}
    credentials = []
    for credential in export.credentials:
        heading = titles.get(credential.credential, plain(credential.credential))
        facts: list[tuple[str, Span | None]] = [
            ("label.number", plain(credential.credential)),
            *_person_facts(credential.says, say),
            *_further_claims(credential.says),
        ]
        credentials.append(_facts(facts, say, heading))
        credentials.append(Group(None, _heads(("what", "data"), say), value_rows(credential.issued)))
        steps = [[say_moment(step.at, say), value_span(_say_step(step, say))] for step in credential.history]
        credentials.append(Group(_label("stored_label.history", say), _heads(("when", "what"), say), steps))
    yield Section("credentials", credentials)
    heads = [say(key) for key in ("label.part", "label.university", "label.ects", "label.awardedOn")]
    rows = [
        [
            pick_span(view.title, say),
            plain(view.member),
            value_span("" if view.ects is None else say.number(float(view.ects))),
            say_day(view.awarding_date, say),
        ]
        for view in export.published
    ]
    yield Section("published", [Group(None, heads, rows)] if rows else [])


def _further_claims(says: Mapping[str, Any]) -> list[tuple[str, Span | None]]:
    """Return the claims that have no word of their own, each with its name."""
    return [
        ("stored_label.data", value_span(f"{place}: {text}"))
        for place, text in list_values({name: value for name, value in says.items() if name not in _PERSON})
    ]


def _say_step(step: Any, say: PaperWording) -> str:  # noqa: ANN401 - a step of the history; the export has it as it is
    status = say(f"status.{step.status}") if say.has("status", step.status) else say("label.awardedOn")
    return ". ".join(filter(None, (status, step.reason, step.replaced_by, step.note)))


def _part_sections(archive: AccessArchive, say: PaperWording) -> Iterator[Section]:
    """Yield what else is stored: rows, cases, decisions, answers, reads, acts."""
    parts = {part.name: part.rows for part in archive.read_parts()}

    def list_nested(file: str, heading: str | None = None) -> list[Group]:
        label = None if heading is None else _label(f"stored_label.{heading}", say)
        heads = _heads(("what", "data"), say)
        return [Group(label, heads, value_rows(each), file=file) for each in parts[file]]

    def list_journal(file: str) -> list[Group]:
        rows = [[say_moment(each.at, say), plain(each.actor), plain(each.act)] for each in parts[file]]
        return [Group(None, _heads(("when", "who", "what"), say), rows, file=file)] if rows else []

    rows = [
        *list_nested("held-rows.json", "held"),
        *list_nested("waiting-credentials.json", "waiting"),
        *list_nested("batches.json", "batch"),
        *list_nested("status-notes.json", "notes"),
    ]
    yield Section("rows", rows)
    yield Section("cases", [group for case in archive.read_cases() for group in _case_groups(case, say)])
    yield Section("decisions", list_nested("decisions.json"))
    yield Section("answers", list_nested("answers.json"))
    yield Section("reads", list_journal("reads.json"))
    yield Section("acts", list_journal("acts.json"))
    yield Section("further", list_nested("further-rows.json"))


def _case_groups(case: StoredCase, say: PaperWording) -> Iterator[Group]:
    """Yield a case's own data, each of its texts, and the list of its files."""
    file, data = f"{case.folder}/case.json", case.data
    number = str(data.get("file_number") or case.case.id)
    purpose = str(data.get("purpose") or "")
    facts = [
        (
            "stored_label.purpose",
            own(say(f"purpose.{purpose}"), say) if say.has("purpose", purpose) else plain(purpose),
        ),
        ("stored_label.state", plain(str(data.get("state") or ""))),
    ]
    yield _facts(facts, say, plain(number))
    yield Group(None, _heads(("what", "data"), say), value_rows(data), file=file)
    for text in case.texts:
        heading = plain(f"{number}, {text.kind}, {say_moment(text.written, say)['text']}")
        yield Group(heading, _heads(("what", "data"), say), value_rows(text.content), file=file)
    heads = _heads(("file", "what", "when"), say)
    files = [
        [plain(f"{case.folder}/{each.file_name}"), plain(each.kind), say_moment(each.added, say)]
        for each in case.attachments
    ]
    if files:
        yield Group(plain(number), heads, files, file=file)


def _closing_sections(archive: AccessArchive, rules: Rules, say: PaperWording) -> Iterator[Section]:
    """Yield why data is stored and how long, what an erasure leaves, what is not here, and the person's rights."""
    purposes = [[_label(f"stored_purpose.{name}", say), plain(ACTIVITIES[name].basis)] for name in _PURPOSES]
    yield Section("purposes", [Group(None, _heads(("purpose", "basis"), say), purposes)])
    periods = []
    for name in type(rules.retention).model_fields:
        days = getattr(rules.retention, name)
        period = say("stored.noDays") if days is None else say("stored.days", days=say.number(days))
        periods.append([_label(f"stored_rule.{name}", say), own(period, say)])
    yield Section("periods", [Group(None, _heads(("data", "period"), say), periods)])
    remaining = [[_label(f"stored_kept.{each.field}", say), plain(each.basis)] for each in list_kept(rules.bases)]
    yield Section("kept", [Group(None, _heads(("data", "basis"), say), remaining)])
    export = archive.export
    members = sorted({view.member for view in export.published} - {export.university})
    absent = [_label(f"stored_absent.{name}", say) for name in ABSENT_WORDS]
    others = [own(say("stored.askMember", name=member), say) for member in members]
    yield Section("others", [Group(lines=[*absent, *others])])
    yield Section("rights", [Group(lines=[_label(f"stored_rights.{name}", say) for name in _RIGHTS])])
