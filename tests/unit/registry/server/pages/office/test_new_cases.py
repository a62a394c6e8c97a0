"""What an officer was shown before a case is opened: its hash tells it from anything else."""

import msgspec

from registry.office.cases.opening import Application
from registry.office.ports import CredentialFacts
from registry.server.pages.office.new_cases import CheckedForm, ShownCredential
from registry.wire.forms import VersionedRef

ID = "0c36d2b5-6f0e-4e9d-9a55-3c1f5c0f3e11"
FACTS = CredentialFacts(
    member="lund", credential=ID, status="active", flags=[], achievement=VersionedRef("lund", ID, 1),
    title={"en": "Energy"}, awarding_date="2026-01-01", ects=5.0, valid_until=None, country="SE", recognised_by=[],
    size=7,
)  # fmt: skip
APPLICATION = msgspec.convert(
    {
        "applicant": {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001"},
        "subjects": [{"credential": {"member": "lund", "credential": ID}}],
        "purpose": "admission",
    },
    Application,
)


def digest(facts=FACTS, *notes, **application):
    shown = msgspec.structs.replace(APPLICATION, **application)
    return CheckedForm(shown, [ShownCredential("lund", ID, facts)], list(notes)).digest


def test_whatever_was_found_or_typed_otherwise_is_not_what_was_shown():
    others = [
        digest(msgspec.structs.replace(FACTS, status="revoked", changed_at=8)),
        digest(msgspec.structs.replace(FACTS, flags=["issuerSuspended"])),
        digest(None),
        digest(FACTS, "another case is open"),
        digest(purpose="creditTransfer"),
    ]
    assert len({digest(), *others}) == 6


def test_entries_of_the_log_about_others_change_nothing():
    assert digest(msgspec.structs.replace(FACTS, size=1_000)) == digest()
