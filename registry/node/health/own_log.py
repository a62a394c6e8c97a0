"""The comparison of a node's database with its own stream: an old backup or a new database lacks commits."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import psycopg

from registry.application.owner import table_exists
from registry.log import LogError
from registry.publishing.commit_store import CommitStore, StoredCommit
from registry.publishing.errors import ForeignCommits
from registry.publishing.own_stream import OwnStream
from registry.wire.merkle import Tree

if TYPE_CHECKING:
    from registry.node.node import Node


class OwnLog:
    """Compares one node's database with its own stream on the log. May be shared by threads."""

    def __init__(self, node: "Node") -> None:
        self._node = node
        self._last: tuple[Hashable, str] | None = None
        """The last comparison, and its fault; empty if there was none."""

    def check(self) -> None:
        """Raise `ForeignCommits` if the log has commits of this member that count and that its database does not know.

        Reads the log from the newest commit that the database has seen there, and only if the stream's end, the
        database or governance changed since the last check. Other faults of the log are not reported here.
        """
        standings = self._node.governance_follower
        if standings.error is not None:
            return  # the log is away: the check follows when it is back, before anything is signed
        for last_try in (False, True):  # a running publisher may have stored a commit since
            try:
                self._compare(*self._stored_commits())
            except ForeignCommits:
                if last_try:
                    raise
            except LogError:
                return
            else:
                return

    def _stored_commits(self) -> tuple[StoredCommit | None, dict[int, StoredCommit]]:
        with psycopg.connect(self._node.dsn(), autocommit=True) as connection:
            if not table_exists(connection, "publisher.commits"):
                return None, {}  # nothing was ever stored here
            store = CommitStore(connection)
            return store.newest_on_log(), store.not_on_log()

    def _compare(self, newest: StoredCommit | None, unseen: dict[int, StoredCommit]) -> None:
        node, last = self._node, self._last
        compared = (node.log().end(node.settings.member), newest, tuple(unseen), node.governance_follower.size)
        if last is None or last[0] != compared:
            stream = OwnStream(node.log(), node.settings.member, node.settings.origin, node.counts())
            tree, start = (newest.tree, newest.next or 0) if newest is not None else (Tree(), 0)
            fault = ""
            try:
                stream.follow(tree, start, unseen, lambda *_: None)
            except ForeignCommits as error:
                fault = error.detail
            self._last = last = compared, fault
        if last[1]:
            raise ForeignCommits(last[1])
