"""What a format leaves out is said in the reader's language: each reason has a template to translate."""

import re
from uuid import uuid4

import pytest

from registry.export.facts import portfolio_of
from registry.export.formats import FORMATS, call_writer
from registry.server.pages.detail_messages import collect_details
from tests.support import portable
from tests.support.document_keys import DocumentKey
from tests.support.signer import KeySigner, make_copy

WRITTEN = [row for row in FORMATS.list_formats("credential") if row.media_type not in ("application/pdf", "image/png")]


@pytest.fixture(scope="module")
def templates():
    return [re.compile(re.sub(r"%\\\(value\d\\\)s", ".*", re.escape(text))) for text in collect_details()]


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row.name)
def test_each_reason_of_an_omission_can_be_translated(templates, row):
    facts = portable.credential()
    values = {
        "facts": facts,
        "portfolio": portfolio_of(facts),
        "copy": make_copy(identifier=uuid4().urn, holder=DocumentKey("open").jwk if row.needs_holder else None),
        "signer": KeySigner(),
        "extension": row.extension,
        "language": "en",
    }
    omitted = call_writer(row, values).omitted
    assert omitted
    missing = {each.reason for each in omitted if not any(form.fullmatch(each.reason) for form in templates)}
    assert not missing
