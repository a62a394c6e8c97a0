"""The archive of all that a node knows of a learner, put together from the node's parts."""

from projections.core import views
from projections.records import learners
from registry.application.registry import Registry
from registry.export.paper.wording import PaperLanguage
from registry.learners.access_export import export_learner
from registry.node.node import Node
from registry.node.services.batches import open_batch_store
from registry.privacy.access_archive import AccessArchive
from registry.privacy.access_paper import Rules, write_access_pdf


class AccessExporter:
    """Makes archives for learners of this node."""

    def __init__(self, node: Node) -> None:
        self._batch_store = open_batch_store(node)
        self._dsn = node.dsn()
        self._node = node

    def __call__(self, registry: Registry, learner: str) -> AccessArchive:
        """Return the archive of a learner. Raises `UnknownLearner` for one who is unknown or erased here."""
        with views.connect(self._dsn) as connection:
            record = learners.read(connection, learner)
        export = export_learner(registry, learner, list(record.credentials), all_published=record.next is None)
        return AccessArchive(registry, self._batch_store, export)

    def write_pdf(self, archive: AccessArchive, language: PaperLanguage) -> bytes:
        """Return what an archive has as a PDF in a language. Raises `ExportError`."""
        settings = self._node.settings
        record = self._node.governance_follower.record(settings.member)
        fonts = [] if settings.letter_fonts is None else [settings.home / settings.letter_fonts]
        rules = Rules(settings.retention, settings.retention_basis)
        return write_access_pdf(archive, None if record is None else record.content, rules, language, fonts)
