"""The time until the chain of an issuing key ends, as the metrics show it."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from consumers.projecting.rebuild import Source, rebuild
from registry.keys.issuing_keys import public_jwk
from registry.log import open_log
from registry.metrics import definitions
from registry.node.metrics.database_reading import DatabaseReading
from registry.wire.issuing_keys import IssuingKeyAnnounced
from tests.support.document_keys import DocumentKey
from tests.support.streams import CONSORTIUM, Consortium

BEGIN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=100)


def announce(twente, days):
    """Announce a key whose chain is valid for some days from `BEGIN` on; without a chain for None."""
    key = DocumentKey("eudi", certificates=days is not None, begin=BEGIN, **({} if days is None else {"days": days}))
    jwk = public_jwk(key.private)
    data = IssuingKeyAnnounced(jwk.thumbprint, jwk, ["eudi"], list(key.x5c) or None)
    return data.key, twente.line("issuing.key.announced.v1", data.key, data)


def test_the_chain_that_ends_first_counts_and_a_key_that_was_ended_does_not(dsn, tmp_path):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    ended, announced = announce(twente, 101)
    lines = [announced, twente.end_key(ended), *(announce(twente, days)[1] for days in (300, 110, None))]
    twente.seal(*lines)
    url = f"file:{tmp_path / 'log'}"
    with contextlib.closing(open_log(url, CONSORTIUM)) as log:
        memory = consortium.log()
        for stream in ("governance", "twente"):
            log.create(stream)
            with log.writer(stream):
                log.append(stream, [record.data for record in memory.records(stream, 0)])
    rebuild(dsn, Source(url, CONSORTIUM, consortium.founded), workers=1)
    with contextlib.closing(DatabaseReading(lambda: dsn, "twente")) as reading:
        samples = reading.read().samples
    [shown] = [sample for sample in samples if sample.metric is definitions.CERTIFICATE_ENDS]
    assert shown.labels == ("issuing-key",)
    left = (BEGIN + timedelta(days=110) - datetime.now(UTC)).total_seconds()
    assert shown.value == pytest.approx(left, abs=60)
