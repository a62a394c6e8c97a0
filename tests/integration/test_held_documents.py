"""Documents that are valid from a day to come, on a real PostgreSQL: a batch holds their awards until then."""

import json
from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest

from registry.application.requests import IssueRequest
from registry.intake.course_codes import CourseCode, CourseCodes
from registry.intake.formats.documents import read_document
from registry.intake.importing import Importer
from registry.learners.erasure import erase
from registry.node.adapters.catalogue import OwnCatalogue
from tests.support.sis import TODAY, BatchSender

SAMPLES = resources.files("registry.intake").joinpath("samples")
BADGE = SAMPLES.joinpath("openbadge.json").read_text()
GRADUATION = TODAY + timedelta(days=3)
STUDENT = "s2600002"


def badge(begin=GRADUATION, **change):
    """The sample, valid from a day, or a moment, on."""
    return json.dumps(
        json.loads(BADGE) | {"validFrom": f"{begin}T00:00:00Z" if len(str(begin)) == 10 else begin} | change
    )


class Sis(BatchSender):
    """A university's system that sends documents."""

    def __init__(self, dsn, folder):
        super().__init__(dsn, folder)
        content = read_document(BADGE.encode(), "x").awards[0]
        made = content.content(
            "0bbac7a9-a411-4809-ad9e-534f483b7a03",
            "twente",
            json.loads(SAMPLES.joinpath("openbadge-rest.json").read_text()),
            self.registry.achievements.newest_version,
        )
        self.registry.achievements.publish(made)
        CourseCodes(self.registry).change([CourseCode("SOIL-1", made.achievement, 1)])
        self.achievement = made.achievement

    def send(self, text, *, dry_run=False):
        return self.send_as("application/json", text, dry_run=dry_run)

    def told(self, batch):
        return [(one.where, one.code or one.field) for _, one in self.batch_store.list_problems(batch, 9)]

    def issue(self, student, record="before"):
        asked = IssueRequest(record, self.achievement, 1, student, "Silva", "Duarte", "2001-09-30", "2026-06-26")
        [issued] = self.node.issuer.issue([asked])
        return issued.learner


@pytest.fixture
def sis(dsn, tmp_path):
    made = Sis(dsn, tmp_path / "spool")
    yield made
    made.node.close()


def test_an_award_is_published_on_the_day_from_which_it_is_valid(sis):
    batch = sis.send(badge())
    assert sis.works(batch) == ("scheduled", 0, 0, 1)
    assert sis.batch_store.get(batch).publish_at.date() == GRADUATION
    sis.day = GRADUATION - timedelta(days=1)
    assert sis.works(batch) == ("scheduled", 0, 0, 1)
    sis.day = GRADUATION
    assert sis.works(batch) == ("done", 1, 0, 0)
    assert sis.told(batch) == []


def test_a_day_that_has_come_holds_nothing(sis):
    assert sis.works(sis.send(badge(TODAY))) == ("done", 1, 0, 0)


def test_a_trial_says_what_would_be_issued(sis):
    assert sis.works(sis.send(badge(), dry_run=True)) == ("done", 0, 0, 1)


@pytest.mark.parametrize("grades", [("7", "7"), ("7", "8")])
@pytest.mark.parametrize("days", [(GRADUATION, GRADUATION), (TODAY, TODAY), (GRADUATION, None)])
def test_a_trial_of_two_awards_of_one_id_says_what_becomes_of_them(sis, grades, days):
    both = [json.loads(badge(*([] if day is None else [day]))) for day in days]
    for one, grade in zip(both, grades, strict=True):
        one["credentialSubject"]["result"] = [{"type": ["Result"], "value": grade}]
    text = json.dumps({"type": ["VerifiablePresentation"], "verifiableCredential": both})
    _, *dry = sis.works(sis.send(text, dry_run=True))
    _, *real = sis.works(sis.send(text))
    assert dry == real
    assert real[1] == (0 if grades[0] == grades[1] else 1)


def test_without_another_day_that_of_its_validity_is_the_awarding_date(sis):
    text = json.loads(badge())
    del text["awardedDate"]
    batch = sis.send(json.dumps(text))
    assert sis.works(batch) == ("scheduled", 0, 0, 1)
    sis.day = GRADUATION
    assert sis.works(batch) == ("done", 1, 0, 0)


def test_what_would_be_refused_for_good_is_told_at_once(sis):
    sis.issue("s-somebody-else", record=json.loads(BADGE)["id"])
    batch = sis.send(badge())
    assert sis.works(batch)[0] == "done"
    assert [one.detail.partition(":")[0] for _, one in sis.batch_store.list_problems(batch, 9)] == ["record-differs"]


def test_a_day_that_cannot_be_right_is_told_at_once(sis):
    batch = sis.send(badge(TODAY + timedelta(days=700)))
    assert sis.works(batch) == ("done", 0, 1, 0)
    assert [field for _, field in sis.told(batch)] == ["valid_from"]


def test_what_is_wrong_with_it_is_told_at_once(sis):
    batch = sis.send(
        badge().replace('"creditsAvailable": 2', '"creditsAvailable": 7').replace('"ECTS": 2', '"ECTS": 7')
    )
    state, issued, refused, held = sis.works(batch)
    assert (state, issued, refused, held) == ("done", 0, 1, 0), sis.told(batch)


def test_a_batch_that_is_cancelled_says_what_waited(sis):
    batch = sis.send(badge())
    sis.works(batch)
    sis.batch_store.cancel(batch)
    assert sis.told(batch) == [("award 1", "cancelled")]


def test_an_award_that_is_not_found_again_is_told_and_waits_no_more(sis):
    batch = sis.send(badge())
    sis.works(batch)
    sis.registry.cursor().execute("UPDATE intake.held_rows SET line = 7")
    sis.day = GRADUATION
    assert sis.works(batch) == ("done", 0, 1, 0)
    assert sis.told(batch) == [("award 7", "")]


def test_whoever_holds_nothing_refuses_it_before_its_day(sis):
    importer = Importer(sis.registry, sis.node.issuer, OwnCatalogue(sis.registry))
    [taken] = importer.take(read_document(badge().encode(), "x"), {})
    assert taken.credential is None
    assert [(one.field, "has not come" in one.detail) for one in taken.problems] == [("valid_from", True)]


def test_a_learner_who_is_erased_waits_no_more(sis):
    batch = sis.send(badge())
    other = sis.send(badge(note=STUDENT).replace(f'"{STUDENT}", "identityType"', '"s9", "identityType"'))
    sis.works(batch)
    learner = sis.issue(STUDENT)
    erase(sis.registry, sis.batch_store, learner)
    assert (sis.batch_store.get(batch).state, sis.batch_store.get(other).state) == ("cancelled", "scheduled")
    assert [one.batch for one in sis.batch_store.list_with_content()] == [other]


@pytest.mark.parametrize(
    ("said", "later"),
    [
        ("{before}", None),
        ("{day}T00:00:00Z", 0),
        ("{day}", 0),
        ("{day}T00:00:01Z", 1),
        ("{day}T02:00:00+02:00", 0),
        ("{day}T01:00:00+02:00", 0),
        ("{day}T23:00:00-02:00", 2),
        ("9999-12-31T23:00:00-02:00", None),
        ("soon", None),
        ("{today}T00:00:00Z", None),
    ],
)
@pytest.mark.parametrize("name", ["openbadge.json", "microcredential.jsonld", "euhemc.json"])
def test_a_moment_holds_until_the_first_whole_day_after_it(name, said, later):
    before = datetime.now(UTC) - timedelta(minutes=1)
    said = said.format(before=before.isoformat(), day=GRADUATION, today=before.date())
    document = json.loads(SAMPLES.joinpath(name).read_text()) | {"validFrom": said}
    read = read_document(json.dumps(document).encode(), name)
    day = None if later is None else (GRADUATION + timedelta(days=later)).isoformat()
    assert [award.credential.get("valid_from") for award in read.awards] == [day]
    assert "$.validFrom" not in read.list_unmapped().paths
    unclear = [one.asks for award in read.awards for one in award.problems if one.where == "$.validFrom"]
    assert unclear == (["credential.valid_from"] if said in ("soon", "9999-12-31T23:00:00-02:00") else [])
