"""A node: its parts, each opened when it is first needed, all closed at the end."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import Connection

from consumers.governance.governance import GovernanceFold, check_log_of
from consumers.governance.governance_rows import GovernanceRows
from consumers.history.log_state import check_log
from consumers.projecting.feed_updater import FeedUpdater
from consumers.projecting.projector import OnBatch, Projector
from consumers.projecting.rebuild import Source
from consumers.proofs.tiles import Tiles, follow
from consumers.streams.stream import BATCH_BYTES
from consumers.streams.verifier import MemberTrust, find_refusal
from consumers.witness.cosignatures import Cosignatures
from consumers.witness.policy import Policy
from projections.core import views
from projections.core.positions import all_positions
from projections.feed import feed
from registry.application.issuing import Issuer
from registry.application.owner import Owner, claim
from registry.application.registry import Registry
from registry.export.document import DocumentSigner, Profile
from registry.keys.keystore import SIGNING, Keystore
from registry.log import (
    GOVERNANCE,
    ForeignLog,
    HeadLost,
    LogError,
    LogUnavailable,
    NoSuchStream,
    SharedLog,
    TailLost,
    open_log,
)
from registry.node.adapters.acceptance import ConsumerRules
from registry.node.adapters.own_refusals import OwnRefusals
from registry.node.adapters.parts import PostgresPartChecker
from registry.node.document_signers import find_document_signer
from registry.node.governance_follower import GovernanceFollower
from registry.node.health.own_log import OwnLog
from registry.node.passphrases import ask_passphrase
from registry.node.services.tracing import create_traces, trace_stored
from registry.postgres.embedded import database
from registry.publishing.commit_store import UnsignedCommit
from registry.publishing.publisher import Publisher
from registry.settings.settings import FILE, Settings, SettingsError, load
from registry.vault.vault import Vault
from registry.wire.commit import Commit
from registry.wire.cosignature import CosignerKey
from registry.wire.errors import MalformedNote
from registry.wire.keys import VerifierKey

if TYPE_CHECKING:
    from registry.tracing.row_traces import RowTraces


class Node:
    """One node: settings, keys, log, private side, views."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._own_key: tuple[object, VerifierKey] | None = None
        """The public half of the signing key, and the state of its file when it was read."""
        self._views: Connection | None = None
        self._open = contextlib.ExitStack()

    def close(self) -> None:
        """Close all opened parts, the last first."""
        self._open.close()

    @cached_property
    def keystore(self) -> Keystore:
        """The keystore with the private keys."""
        return Keystore(self.settings.keys_folder, self._given_passphrase(), ask_passphrase)

    def _given_passphrase(self) -> bytes | None:
        if self.settings.passphrase is not None:
            return self.settings.passphrase.get_secret_value().encode()
        if self.settings.passphrase_file is None:
            return None
        file = self.settings.home / self.settings.passphrase_file
        try:
            return file.read_bytes().strip()
        except OSError as error:
            raise SettingsError(f"passphrase_file: cannot read {file}: {error.strerror}") from error

    @cached_property
    def _dsn(self) -> str:
        dsn = database(self.settings.database_url)
        settings = self.settings
        claim(dsn, Owner(settings.member, settings.consortium, settings.founded), str(settings.home / FILE))
        return dsn

    def dsn(self) -> str:
        """Return the connection string of the running database. Raises `OtherOwner` if it is another node's."""
        return self._dsn

    @cached_property
    def _log(self) -> SharedLog:
        log = open_log(self.settings.log_url, self.settings.consortium)
        self._open.callback(log.close)
        return log

    def log(self) -> SharedLog:
        """Return the shared log. Raises `ForeignLog` if it is of another consortium or founding than the settings say.

        A log that cannot be read raises its error only when it is read.
        """
        return self._checked_log

    def unchecked_log(self) -> SharedLog:
        """Return the shared log without a check, for reports of its faults."""
        return self._log

    @cached_property
    def _checked_log(self) -> SharedLog:
        self.check_founding(self._log)
        return self._log

    def check_founding(self, log: SharedLog) -> None:
        """Raise `ForeignLog` if a log is of another consortium or founding than the settings say."""
        try:
            check_log_of(log, self._empty_fold())
        except ForeignLog:
            raise
        except LogError:  # missing or away: the command reports that when it reads
            return

    def _empty_fold(self) -> GovernanceFold:
        return GovernanceFold(self.settings.consortium, self.settings.founded_hash)

    def views(self) -> Connection:
        """Return a connection to the views, which are created empty if missing. A lost connection is replaced."""
        if self._views is None or self._views.closed:
            self._views = views.connect(self.dsn())
            self._open.callback(self._views.close)
            views.create(self._views)
            feed.create(self._views)
        return self._views

    @cached_property
    def governance_follower(self) -> GovernanceFollower:
        """Governance as this node knows it, from one fold for all callers."""
        return GovernanceFollower(self)

    @cached_property
    def acceptance(self) -> ConsumerRules | None:
        """The consumers' rules for this node's events; None on the consortium's own node, which is not a member."""
        if self.settings.member == GOVERNANCE:
            return None
        return ConsumerRules(
            self.settings, self.governance_follower, self.signing_key, self._published_size, self.own_log.check
        )

    def _published_size(self) -> int:
        return self.registry.published_size()

    def signing_key(self) -> VerifierKey:
        """Return the public half of this node's signing key. Raises `KeystoreError`."""
        origin, stamp = self.settings.origin, self.keystore.stamp(SIGNING)
        if self._own_key is None or self._own_key[0] != stamp:
            key = self.keystore.public(SIGNING, origin) or self.keystore.signer(SIGNING, origin).vkey
            self._own_key = stamp, key
        return self._own_key[1]

    @cached_property
    def own_refusals(self) -> OwnRefusals:
        """The events of this node that the consortium's rules refuse."""
        refusals = OwnRefusals(self.dsn, self.settings.member)
        self._open.callback(refusals.close)
        return refusals

    @cached_property
    def traces(self) -> "RowTraces | None":
        """The traces of this process; None if nothing is traced."""
        return create_traces(self.settings.member)

    @cached_property
    def registry(self) -> Registry:
        """The private side."""
        registry = Registry(
            self.dsn(),
            self.settings.origin,
            Vault(self.keystore),
            self.acceptance,
            self.own_refusals.by_subject,
            *([] if self.traces is None else [partial(trace_stored, self.traces)]),
        )
        self._open.callback(registry.close)
        return registry

    @cached_property
    def issuer(self) -> Issuer:
        """The issuer of credentials, which checks parts in the views."""
        parts = PostgresPartChecker(self.dsn(), self.settings.member)
        self._open.callback(parts.close)
        return Issuer(self.registry, parts)

    def document_signer(self, profile: Profile) -> DocumentSigner:
        """Return the key with which this node signs documents of a profile. Raises `ExportError`, with what to do.

        The private half is read at the first signature, and may then need its passphrase (`KeystoreError`).
        """
        return find_document_signer(self, profile)

    def source(self) -> Source:
        """Return the log's address, for processes that open it themselves."""
        return Source(self.settings.log_url, self.settings.consortium, self.settings.founded_hash)

    def projector(
        self,
        connection: Connection | None = None,
        on_batch: OnBatch | None = None,
        log: SharedLog | None = None,
        on_fault: Callable[[LogError], None] = lambda _: None,
    ) -> Projector:
        """Return the projector, which keeps the views and this member's feed up to date with the log."""
        connection = connection or self.views()
        member = self.settings.member
        return Projector(
            connection,
            log or self.log(),
            self.settings.consortium,
            self.settings.founded_hash,
            on_batch=on_batch,
            on_fault=on_fault,
            feed_updater=None if member == GOVERNANCE else FeedUpdater(connection, [member]),
        )

    def publisher(self, on_committed: Callable[[Sequence[UnsignedCommit]], None] = lambda _: None) -> Publisher:
        """Return the publisher of this node's events, which calls `on_committed` with the commits that it wrote."""
        if self.settings.member == GOVERNANCE:
            raise SettingsError("governance is published by its ceremony: `registry governance propose --help`")
        self.refuse_gone_log()
        if self.own_refusals.commits() is not None:
            with contextlib.suppress(TailLost, HeadLost):  # the publisher puts missing commits back on its stream
                self.projector().step()  # the commits may have been signed again since the views were last updated
        return Publisher(
            self.registry.recorder,
            self.dsn(),
            self.log(),
            self.settings.member,
            self.settings.origin,
            [self.keystore.signer(SIGNING, self.settings.origin)],
            counts=self.counts(),
            acceptance=self.acceptance,
            own_refusals=self.own_refusals.commits,
            founding=(self.settings.consortium, self.settings.founded_hash),
            on_committed=on_committed,
        )

    def refuse_gone_log(self) -> None:
        """Raise `LogUnavailable` if the log that this node has read is gone: no new log may take its place.

        This checks governance only: no other member's stream keeps this node from its work.
        """
        settings = self.settings
        positions = all_positions(self.views())
        for fault in check_log(self.log(), positions, settings.consortium, settings.founded_hash, streams=()):
            if fault.away:
                raise LogUnavailable(fault.detail)

    def governance(self) -> GovernanceFold:
        """Return governance as the log has it now; empty before the founding.

        Raises `LogGone`, `TailLost` or `HistoryRewritten` if the log lacks governance that the views have read.
        """
        fold = self._empty_fold()
        try:
            fold.read(self.log())
        except NoSuchStream:
            if read := self.governance_follower.read_views()[0]:
                check_log_of(self.log(), fold, read)
        else:
            self.governance_follower.compare_with_views(fold)
        return fold

    def remember_governance(self) -> None:
        """Write governance as the log has it now into the views: from then on, a log with less is refused.

        Raises what `governance` raises, and `NoSuchStream` before the founding.
        """
        GovernanceRows(self.views(), self.log(), self._empty_fold(), BATCH_BYTES).follow()

    def tiles(self, stream: str, fold: GovernanceFold) -> Tiles:
        """Return a stream's tiles, up to date. Raises `NoSuchStream` for a stream that governance does not know."""
        if stream != GOVERNANCE and stream not in fold.state.members:
            raise NoSuchStream(f"{stream} is not a member of {self.settings.consortium}")
        tiles = Tiles(self.settings.home / "tiles" / stream)
        follow(tiles, self.log(), stream, fold)
        return tiles

    def policy(self) -> Policy:
        """Return the policy on witnesses from the settings. Raises `SettingsError`."""
        try:
            keys = tuple(CosignerKey.parse(witness.key) for witness in self.settings.witness)
        except MalformedNote as error:
            raise SettingsError(f"witness: {error}") from error
        needed, hours = self.settings.witnesses_needed, self.settings.max_head_age_hours
        if needed > len(keys):
            raise SettingsError(f"witnesses_needed: {needed}, and there are {len(keys)} witnesses")
        return Policy(keys, needed, None if hours is None else timedelta(hours=hours))

    def cosignatures(self) -> Cosignatures:
        """Return the store of cosigned heads that this node has fetched."""
        return Cosignatures(self.settings.home / "cosignatures", self.policy().witnesses)

    @cached_property
    def own_log(self) -> OwnLog:
        """The comparison of this node's database with its own stream."""
        return OwnLog(self)

    def counts(self) -> Callable[[Commit], bool]:
        """Return a function that tells whether a commit of this member counts, under the newest known governance."""
        self.governance_follower.read_on()

        def counts(commit: Commit) -> bool:
            record = self.governance_follower.record(self.settings.member)
            return record is not None and find_refusal(MemberTrust(self.settings.consortium, record), commit) is None

        return counts

    def shown_settings(self) -> dict[str, Any]:
        """Return the effective settings as JSON types, without secrets."""
        values = self.settings.model_dump(mode="json", exclude={"passphrase"}, exclude_none=True)
        if "@" in (dsn := values["database"]):
            values["database"] = psycopg.conninfo.make_conninfo(dsn, password="***")  # noqa: S106 - hiding one
        return values


@contextlib.contextmanager
def open_node(home: Path) -> Iterator[Node]:
    """Open the node of a folder, and close it at the end."""
    node = Node(load(home))
    try:
        yield node
    finally:
        node.close()
