"""A node: its parts, opened one by one as they are needed and closed at the end."""

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
from registry.node.health.own_log import OwnLog
from registry.node.passphrases import ask_passphrase
from registry.node.services.tracing import trace_stored, traces_of
from registry.node.standings import Standings
from registry.postgres.embedded import database
from registry.publishing.commit_store import Draft
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
        """The signing key's public half, and the state of the file that it was read from."""
        self._views: Connection | None = None
        self._open = contextlib.ExitStack()

    def close(self) -> None:
        """Close what was opened, the last first."""
        self._open.close()

    @cached_property
    def keystore(self) -> Keystore:
        """The private keys."""
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
        """The database, running. Raises `OtherOwner` where it is another node's."""
        return self._dsn

    @cached_property
    def _log(self) -> SharedLog:
        log = open_log(self.settings.log_url, self.settings.consortium)
        self._open.callback(log.close)
        return log

    def log(self) -> SharedLog:
        """The shared log. Raises `ForeignLog` where it is of another consortium or founding than the settings say.

        A log that cannot be read is not judged here: whoever reads it meets the error.
        """
        return self._checked_log

    def log_as_it_is(self) -> SharedLog:
        """The shared log, whoever's it is: to say what is wrong with it."""
        return self._log

    @cached_property
    def _checked_log(self) -> SharedLog:
        self.check_founding(self._log)
        return self._log

    def check_founding(self, log: SharedLog) -> None:
        """Raise `ForeignLog` where a log is of another consortium or founding than the settings say."""
        try:
            check_log_of(log, self._empty_fold())
        except ForeignLog:
            raise
        except LogError:  # not there yet, or away: the command says so itself when it reads
            return

    def _empty_fold(self) -> GovernanceFold:
        return GovernanceFold(self.settings.consortium, self.settings.founded_hash)

    def views(self) -> Connection:
        """The read views; made empty where there are none yet. A connection that was lost is made again."""
        if self._views is None or self._views.closed:
            self._views = views.connect(self.dsn())
            self._open.callback(self._views.close)
            views.create(self._views)
            feed.create(self._views)
        return self._views

    @cached_property
    def standings(self) -> Standings:
        """Governance as this node knows it: one fold for all that ask."""
        return Standings(self)

    @cached_property
    def acceptance(self) -> ConsumerRules | None:
        """What consumers would say of this node's events; None on the consortium's own node, which is no member."""
        if self.settings.member == GOVERNANCE:
            return None
        return ConsumerRules(self.settings, self.standings, self.signing_key, self._published_size, self.own_log.check)

    def _published_size(self) -> int:
        return self.registry.published_size()

    def signing_key(self) -> VerifierKey:
        """The public half of this node's signing key. Raises `KeystoreError`."""
        origin, stamp = self.settings.origin, self.keystore.stamp(SIGNING)
        if self._own_key is None or self._own_key[0] != stamp:
            key = self.keystore.public(SIGNING, origin) or self.keystore.signer(SIGNING, origin).vkey
            self._own_key = stamp, key
        return self._own_key[1]

    @cached_property
    def own_refusals(self) -> OwnRefusals:
        """What the log refused of this node's own events."""
        made = OwnRefusals(self.dsn, self.settings.member)
        self._open.callback(made.close)
        return made

    @cached_property
    def traces(self) -> "RowTraces | None":
        """The traces of this process; None where nothing is traced."""
        return traces_of(self.settings.member)

    @cached_property
    def registry(self) -> Registry:
        """The private side."""
        made = Registry(
            self.dsn(),
            self.settings.origin,
            Vault(self.keystore),
            self.acceptance,
            self.own_refusals.by_subject,
            *([] if self.traces is None else [partial(trace_stored, self.traces)]),
        )
        self._open.callback(made.close)
        return made

    @cached_property
    def issuer(self) -> Issuer:
        """Who issues; parts are held against the views."""
        known = PostgresPartChecker(self.dsn(), self.settings.member)
        self._open.callback(known.close)
        return Issuer(self.registry, known)

    def source(self) -> Source:
        """The log, for processes that open it themselves."""
        return Source(self.settings.log_url, self.settings.consortium, self.settings.founded_hash)

    def projector(
        self,
        connection: Connection | None = None,
        on_batch: OnBatch | None = None,
        log: SharedLog | None = None,
        on_fault: Callable[[LogError], None] = lambda _: None,
    ) -> Projector:
        """Who keeps the views, and this member's feed, up with the log."""
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

    def publisher(self, on_committed: Callable[[Sequence[Draft]], None] = lambda _: None) -> Publisher:
        """Who publishes this node's events; `on_committed` is the publisher's own."""
        if self.settings.member == GOVERNANCE:
            raise SettingsError("governance is published by its ceremony: `registry governance propose --help`")
        self.refuse_gone_log()
        if self.own_refusals.commits() is not None:
            with contextlib.suppress(TailLost, HeadLost):  # the publisher puts on its stream again what is missing
                self.projector().step()  # they may have been sealed again since the views were last brought up
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
        """Raise `LogUnavailable` where the log that this node has read is gone: none is begun in its place.

        Only governance is looked at: no other member's stream keeps this node from its work.
        """
        settings = self.settings
        positions = all_positions(self.views())
        for fault in check_log(self.log(), positions, settings.consortium, settings.founded_hash, streams=()):
            if fault.away:
                raise LogUnavailable(fault.detail)

    def governance(self) -> GovernanceFold:
        """Governance as the log has it now; empty before the founding.

        Raises `LogGone`, `TailLost` or `HistoryRewritten` where the views have read a governance that the log does
        not hold.
        """
        fold = self._empty_fold()
        try:
            for record in self.log().records(GOVERNANCE):
                fold.take(record.data)
        except NoSuchStream:
            if read := self.standings.viewed()[0]:
                check_log_of(self.log(), fold, read)
        else:
            self.standings.check_known(fold)
        return fold

    def remember_governance(self) -> None:
        """Write governance as the log has it now into the views: from then on, a log that holds less is refused.

        Raises what `governance` raises, and `NoSuchStream` before the founding.
        """
        GovernanceRows(self.views(), self.log(), self._empty_fold(), BATCH_BYTES).follow()

    def tiles(self, stream: str, fold: GovernanceFold) -> Tiles:
        """A stream's tiles, up to date. Raises `NoSuchStream` for one that governance does not know."""
        if stream != GOVERNANCE and stream not in fold.state.members:
            raise NoSuchStream(f"{stream} is not a member of {self.settings.consortium}")
        tiles = Tiles(self.settings.home / "tiles" / stream)
        follow(tiles, self.log(), stream, fold)
        return tiles

    def policy(self) -> Policy:
        """Which witnesses this node relies on. Raises `SettingsError`."""
        try:
            keys = tuple(CosignerKey.parse(one.key) for one in self.settings.witness)
        except MalformedNote as error:
            raise SettingsError(f"witness: {error}") from error
        needed, hours = self.settings.witnesses_needed, self.settings.max_head_age_hours
        if needed > len(keys):
            raise SettingsError(f"witnesses_needed: {needed}, and there are {len(keys)} witnesses")
        return Policy(keys, needed, None if hours is None else timedelta(hours=hours))

    def cosignatures(self) -> Cosignatures:
        """The cosigned heads that this node has fetched."""
        return Cosignatures(self.settings.home / "cosignatures", self.policy().witnesses)

    @cached_property
    def own_log(self) -> OwnLog:
        """Whether this node's database knows all that counts of its own log."""
        return OwnLog(self)

    def counts(self) -> Callable[[Commit], bool]:
        """Whether a commit of this member counts, under governance as it is known when this is asked."""
        self.standings.read_on()

        def counts(commit: Commit) -> bool:
            record = self.standings.record(self.settings.member)
            return record is not None and find_refusal(MemberTrust(self.settings.origin, record), commit) is None

        return counts

    def shown_settings(self) -> dict[str, Any]:
        """The settings as they count, as JSON's own types; none of them secret."""
        values = self.settings.model_dump(mode="json", exclude={"passphrase"}, exclude_none=True)
        if "@" in (dsn := values["database"]):
            values["database"] = psycopg.conninfo.make_conninfo(dsn, password="***")  # noqa: S106 - hiding one
        return values


@contextlib.contextmanager
def opened(home: Path) -> Iterator[Node]:
    """A node by its folder, for commands that go from one to another."""
    node = Node(load(home))
    try:
        yield node
    finally:
        node.close()
