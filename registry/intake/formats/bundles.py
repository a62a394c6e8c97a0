"""Several credentials in one file: a presentation, a learner record, a list of uploads."""

from collections.abc import Iterator, Sequence
from typing import Final

from registry.intake.formats.award import Award
from registry.intake.formats.completions import Values
from registry.intake.formats.document import Document
from registry.intake.formats.envelopes import Record
from registry.intake.formats.unmapped import Unmapped, first_of
from registry.intake.rows.report import IntakeError

_PERSON: Final = ("familyName", "givenName", "dateOfBirth", "identifier")
_PARTS: Final = {"isparentof": False, "haspart": False, "ischildof": True, "ispartof": True}
"""Associations that make one achievement a part of another; True if the part is the source."""
_MAX_ASSOCIATIONS: Final = 2000


class Bundle(Document):
    """The awards of several documents, as those of one."""

    def __init__(self, name: str, documents: Sequence[Document], unread: Sequence[tuple[str, str]]) -> None:
        """`unread` are the paths of what could not be read, and why."""
        super().__init__(name)
        self._documents = documents
        formats = dict.fromkeys(document.FORMAT for document in documents)
        self.FORMAT = ", ".join(formats)  # type: ignore[misc] # a bundle's format is its members'
        self.signed = any(document.signed for document in documents)
        issuers = {document.issuer.name: document.issuer for document in documents if document.issuer.name}
        if len(issuers) == 1:
            [self.issuer] = issuers.values()
        self.notes.append(f"the file holds {len(documents) + len(unread)} credentials")
        for document in documents:
            for note in document.notes:
                self._note_once(note)
            self.problems += document.problems
            self.refusals += document.refusals
            for award in document.awards:
                award.issuer = award.issuer or document.issuer
                self._append(award)
        for path, why in unread:
            self.refuse_award(path, "", why)

    def list_unmapped(self) -> Unmapped:
        """Return the fields that were not used."""
        each = [document.list_unmapped() for document in self._documents]
        listed = first_of(path for unmapped in each for path in unmapped.paths)
        return listed._replace(more=listed.more + sum(unmapped.more for unmapped in each))

    def refuse_award(self, path: str, title: str, why: str) -> None:
        """Add an award that cannot be issued, with the reason."""
        award = Award(self.name, path, {"title": {"und": title}} if title else {}, {})
        self._refuse(path, "", why)
        award.refusals = [self.refusals[-1]]
        self._append(award)

    def _append(self, award: Award) -> None:
        self.awards.append(award)
        award.number = len(self.awards)

    def join(self, record: Record) -> None:
        """Join awards to their wholes by a record's associations; refuse achievements that no credential awards."""
        by_id = {code: award for award in self.awards for code in award.codes}
        wholes: set[str] = set()
        for part, whole in _read_associations(record.subject):
            wholes.add(whole)
            if part in by_id and whole in by_id and by_id[part] is not by_id[whole]:
                if _is_within(by_id[whole], by_id[part]):
                    self.notes.append(f"{record.path}.association is circular: a part is not its own whole")
                elif by_id[part] not in by_id[whole].parts:
                    by_id[whole].parts.append(by_id[part])
            else:
                self.notes.append(f"{record.path}.association names an achievement that no credential in it awards")
        for award in self.awards:
            self._check_sum(award)
        self._sort()
        listed = record.subject.get("achievement") or []
        for place, achieved in enumerate(listed if isinstance(listed, list) else [listed]):
            identifier = achieved.get("id") if isinstance(achieved, dict) else achieved
            if identifier in by_id:
                continue
            path = f"{record.path}.achievement[{place}]"
            if isinstance(identifier, str) and identifier in wholes:
                self.notes.append(f"{path} consists of others, and no credential in the record awards it")
                continue
            title = str(achieved.get("name") or "") if isinstance(achieved, dict) else ""
            why = "is listed, and no credential in the record awards it; add its credential, or remove it"
            self.refuse_award(path, title, why)

    def _sort(self) -> None:
        """Put parts before their wholes."""
        ordered: list[Award] = []
        placed: set[int] = set()

        def place(award: Award) -> None:
            if id(award) in placed:
                return
            placed.add(id(award))
            for part in award.parts:
                place(part)
            ordered.append(award)

        for award in self.awards:
            place(award)
        self.awards = ordered
        for number, award in enumerate(ordered, 1):
            award.number = number


def inherit(credential: Values, record: Record | None) -> Values:
    """Return a credential of a learner record with the names and numbers of the learner, where it states none."""
    subject = credential.get("credentialSubject")
    if record is None or not isinstance(subject, dict) or any(subject.get(name) for name in _PERSON):
        return credential
    if subject.get("id") and record.subject.get("id") and subject["id"] != record.subject["id"]:
        return credential
    person = {name: record.subject[name] for name in _PERSON if name in record.subject}
    return {**credential, "credentialSubject": {**subject, **person}}


def _read_associations(subject: Values) -> Iterator[tuple[str, str]]:
    """Yield the ids of parts and of their wholes. Raises `IntakeError` where there are too many."""
    stated = subject.get("association") or []
    associations = stated if isinstance(stated, list) else [stated]
    if len(associations) > _MAX_ASSOCIATIONS:
        raise IntakeError(
            f"the learner record has {len(associations):,} associations, {_MAX_ASSOCIATIONS:,} at most; divide it"
        )
    for association in associations:
        if not isinstance(association, dict):
            continue
        first = _PARTS.get(str(association.get("associationType", "")).lower())
        source, target = association.get("sourceId"), association.get("targetId")
        if first is None or not isinstance(source, str) or not isinstance(target, str):
            continue
        yield (source, target) if first else (target, source)


def _is_within(award: Award, whole: Award) -> bool:
    """Return True if an award is a whole, or a part of it at any depth. Each part is visited once."""
    visited, waiting = {id(whole)}, [whole]
    while waiting:
        following = waiting.pop()
        if following is award:
            return True
        new = [part for part in following.parts if id(part) not in visited]
        visited.update(map(id, new))
        waiting += new
    return False
