"""Errors of the publisher.

PublisherError
├── AnotherPublisher   another process publishes this node's events
├── ForeignCommits     the log holds valid commits of this member that the database does not know
├── StoreChanged       stored events that were written down as committed have changed
└── OwnCommitsRefused  this node's own reading of the log refuses what it published
"""


class PublisherError(Exception):
    """The publisher cannot go on. The message says why and what to do."""


class AnotherPublisher(PublisherError):
    """Another process publishes this node's events."""


class ForeignCommits(PublisherError):
    """The log holds valid commits of this member that this node's database does not know."""

    def __init__(self, detail: str) -> None:
        """`detail` is one or more sentences."""
        super().__init__(f"{detail} Nothing was published.")
        self.detail = detail


class StoreChanged(PublisherError):
    """Stored events that were written down as committed have changed."""


class OwnCommitsRefused(PublisherError):
    """The node's own projector refuses what the node published, and publishing again changes nothing."""
