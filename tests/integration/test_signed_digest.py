"""A node signs the digest of the views it serves; an audit of the log says whether it told the truth."""

from consumers.audit.audit_digests import with_digests
from consumers.audit.auditor import audit
from consumers.projecting.rebuild import fill
from projections.core import views
from projections.core.digest import digest
from projections.core.tables import VERSION
from registry.wire.views_note import ViewsNote
from tests.support.streams import Consortium, new_id


def test_a_node_that_signs_changed_views_is_contradicted_by_its_own_note(tmp_path, dsn):
    consortium = Consortium("twente", "aveiro")
    for university in consortium.universities.values():
        achievement, published = university.publish()
        university.seal(published)
        university.seal(*[university.issue(achievement, new_id())[1] for _ in range(5)])
    source = consortium.write(tmp_path / "log")
    twente = consortium.universities["twente"]
    with views.connect(dsn) as connection:
        views.create(connection)
        fill(dsn, views.SERVED, source, workers=1)

        def signed():
            found = digest(connection)
            note = ViewsNote(twente.origin, VERSION, bytes.fromhex(found.positions), bytes.fromhex(found.total))
            return note.sign(twente.signers[0])

        honest = signed()
        connection.execute("UPDATE credentials SET ects = 60 WHERE leaf = 3 AND member = 'twente'")
        false = signed()
    report = with_digests(audit(source, dsn, workers=1), [honest, false])
    assert [one.verdict for one in report.signed] == ["agrees", "contradicts"]
    assert not report.ok
    assert [(fault.member, fault.evidence) for fault in report.faults] == [("twente", [str(false)])]
