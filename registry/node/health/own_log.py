"""Whether a node's database knows all that counts of its own log: not so after an old backup, or where it is new."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

import psycopg

from registry.application.owner import table_exists
from registry.log import LogError
from registry.publishing.commit_store import CommitStore, Row
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
        """What was compared last, and what was wrong with it; empty where nothing was."""

    def check(self) -> None:
        """Raise `ForeignCommits` where the log has commits of this member that count and its database does not know.

        The log is read from the newest commit that the database has seen there, and only where the stream's end, the
        database or governance changed since the last time. What else is wrong with the log is not judged here.
        """
        standings = self._node.governance_follower
        if standings.error is not None:
            return  # the log is away: it is looked at when it is back, before anything is signed
        for last_try in (False, True):  # a publisher at work may have written a commit down since
            try:
                self._compare(*self._written_down())
            except ForeignCommits:
                if last_try:
                    raise
            except LogError:
                return
            else:
                return

    def _written_down(self) -> tuple[Row | None, dict[int, Row]]:
        with psycopg.connect(self._node.dsn(), autocommit=True) as connection:
            if not table_exists(connection, "publisher.commits"):
                return None, {}  # nothing was ever stored here
            store = CommitStore(connection)
            return store.newest_seen(), store.unseen()

    def _compare(self, newest: Row | None, unseen: dict[int, Row]) -> None:
        node, last = self._node, self._last
        compared = (node.log().end(node.settings.member), newest, tuple(unseen), node.governance_follower.size)
        if last is None or last[0] != compared:
            stream = OwnStream(node.log(), node.settings.member, node.settings.origin, node.counts())
            tree, start = (newest.tree, newest.next or 0) if newest is not None else (Tree(), 0)
            wrong = ""
            try:
                stream.follow(tree, start, unseen, lambda *_: None)
            except ForeignCommits as error:
                wrong = str(error)
            self._last = last = compared, wrong
        if last[1]:
            raise ForeignCommits(last[1])
