"""A dry run says what the real run then does, whatever the awards of a document have to do with each other."""

import json
from importlib import resources

import pytest

from registry.intake.drafts import Drafts
from registry.intake.formats.documents import read_document
from registry.intake.import_report import ImportReport
from registry.intake.importing import Importer
from registry.node.adapters.catalogue import OwnCatalogue
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode

SAMPLES = resources.files("registry.intake").joinpath("samples")
BADGE = json.loads(SAMPLES.joinpath("openbadge-rest.json").read_text())


class Office:
    """A university that takes documents in, each with an importer of its own, as the command does."""

    def __init__(self, dsn):
        self.node = TestNode(dsn, MemoryLog())
        self.registry = self.node.registry

    def report(self, *badges, given=BADGE, dry_run):
        presentation = {"type": ["VerifiablePresentation"], "verifiableCredential": list(badges)}
        document = read_document(json.dumps(presentation).encode(), "file")
        report = ImportReport("file", dry_run=dry_run)
        importer = Importer(self.registry, self.node.issuer, OwnCatalogue(self.registry))
        for taken in importer.take(document, given, dry_run=dry_run):
            report.add_award(taken)
        return report

    def both(self, *badges, given=BADGE):
        """The counts of a dry run, which the real one has to have, too."""
        dry, real = (counts(self.report(*badges, given=given, dry_run=dry_run)) for dry_run in (True, False))
        assert dry == real
        return dry


def counts(report):
    problems = sorted(problem.detail.partition(":")[0] for problem in report.problems)
    return report.issued, report.unchanged, report.refused, report.waiting, problems


@pytest.fixture
def office(dsn):
    made = Office(dsn)
    yield made
    made.node.close()


def badge(grade=None, **more):
    made = json.loads(SAMPLES.joinpath("openbadge.json").read_text()) | more
    if grade is not None:
        made["credentialSubject"]["result"] = [{"type": ["Result"], "value": grade}]
    return made


def test_one_id_with_two_grades_is_issued_once_and_refused_once(office):
    assert office.both(badge("7"), badge("8")) == (1, 0, 1, 0, ["record-differs"])
    assert office.both(badge("7"), badge("8")) == (0, 1, 1, 0, ["record-differs"])


def test_copies_are_issued_once(office):
    assert office.both(badge("7"), badge("7"), badge("7")) == (1, 2, 0, 0, [])
    assert office.both(badge("7"), badge("7")) == (0, 2, 0, 0, [])


def test_a_number_with_two_persons_is_held_once(office):
    other = badge(id="urn:uuid:0f0f6e7a-0000-4000-8000-000000000001")
    other["credentialSubject"] |= {"familyName": "Quist", "givenName": "Otto", "dateOfBirth": "1988-01-02"}
    assert office.both(badge(), other) == (1, 0, 1, 0, ["person-differs"])


def test_one_id_that_waits_twice_with_two_grades_waits_once(office):
    lacking = {"credential": BADGE.get("credential", {})}
    found = office.both(badge("7"), badge("8"), given=lacking)
    assert (found[0], found[2], found[3]) == (0, 1, 1)
    assert "record-differs" in found[4]
    [draft] = Drafts(office.registry).all()
    [waiting] = Drafts(office.registry).waiting(draft.draft)
    assert waiting.values["grade"] == "7"


def test_a_document_that_is_taken_after_another_knows_nothing_of_its_dry_run(office):
    importer = Importer(office.registry, office.node.issuer, OwnCatalogue(office.registry))
    document = read_document(json.dumps(badge()).encode(), "file")
    [dry] = importer.take(document, BADGE, dry_run=True)
    [real] = importer.take(document, BADGE)
    assert (dry.how, real.how, bool(real.credential)) == ("it is new", "it is new", True)
