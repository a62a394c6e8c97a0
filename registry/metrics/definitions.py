"""All metrics of a node: name, type, labels and meaning. The reference (docs/metrics.md) is generated from here.

No label has a value that a client may choose freely, since anybody could then create any number of series. No label
names a person, a credential, an achievement, a batch or a webhook.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]


class Definition(NamedTuple):
    """One metric. A counter's name is without the `_total` that its samples carry."""

    group: str
    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """A histogram's upper bounds, in seconds."""

    @property
    def shown_name(self) -> str:
        """The name as Prometheus stores it."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


_NODE: Final = "The node"
_STREAMS: Final = "Streams and views"
_PUBLISHING: Final = "Publishing"
_INTAKE: Final = "Batches and intake"
_FEED: Final = "Feed and webhooks"
_HTTP: Final = "HTTP"

BUILD = Definition(_NODE, "registry_build_info", "gauge", "Always 1.", ("version", "python"))
READY = Definition(_NODE, "registry_ready", "gauge", "1 while `/ready` finds nothing wrong, else 0.")
FAULTS = Definition(_NODE, "registry_faults", "gauge", "Current faults of the node, by component.", ("component",))
DATABASE_UP = Definition(_NODE, "registry_database_up", "gauge", "1 while the database answers this page, else 0.")
LOG_UP = Definition(_NODE, "registry_log_up", "gauge", "1 while the shared log answers this page, else 0.")
PART_READ = Definition(
    _NODE, "registry_part_read", "gauge", "1 if this part of the page could be read in time, else 0.", ("part",)
)
SCRAPE_SECONDS = Definition(_NODE, "registry_scrape_seconds", "gauge", "Time to make this page.")
DISK_BYTES = Definition(_NODE, "registry_disk_bytes", "gauge", "Size of the disk under the node's folder.")
DISK_FREE = Definition(
    _NODE, "registry_disk_free_bytes", "gauge", "Bytes of that disk that this node's user may still fill."
)
REPLICAS = Definition(_NODE, "registry_replicas", "gauge", "Replicas that are connected to the node's database server.")
REPLICA_LAG = Definition(
    _NODE, "registry_replica_lag_seconds", "gauge",
    "How far the slowest of them is behind. Missing if the database user may not see it (`GRANT pg_monitor`).",
)  # fmt: skip
BACKUP_AGE = Definition(
    _NODE, "registry_backup_age_seconds", "gauge",
    "Time since the last backup of this node that its folder knows. Missing until one is noted there.",
)  # fmt: skip
ARCHIVE_AGE = Definition(
    _NODE, "registry_archive_age_seconds", "gauge",
    "Time since the last archive of the log from this node. Missing until one is noted in its folder.",
)  # fmt: skip
CERTIFICATE_ENDS = Definition(
    _NODE, "registry_certificate_ends_seconds", "gauge",
    "Time until the first certificate of this use ends; negative after its end, 0 if one cannot be read. Missing"
    " without certificates of this use.",
    ("use",),
)  # fmt: skip

LOG_SIZE = Definition(
    _STREAMS, "registry_log_events", "gauge",
    "Events of a stream on the log, as its newest records name them before they are verified.", ("member",),
)  # fmt: skip
LOG_BEGINS = Definition(
    _STREAMS, "registry_log_begins_at", "gauge",
    "Position of the oldest record that a stream still has on the log; more than 0 if Kafka has deleted older ones.",
    ("member",),
)  # fmt: skip
VIEWS_SIZE = Definition(_STREAMS, "registry_views_events", "gauge", "Events of a stream in the views.", ("member",))
LAG = Definition(
    _STREAMS, "registry_lag_events", "gauge", "Events of a stream on the log and not in the views.", ("member",)
)
VIEWS_BUILD = Definition(
    _STREAMS, "registry_views_build_ratio", "gauge",
    "The part of the log's events that the views being built now have, from 0 to 1. Missing while none are built.",
)  # fmt: skip
REFUSED = Definition(
    _STREAMS, "registry_refused_events", "gauge",
    "Events in valid commits that had no effect, by the rule that refuses them.", ("member", "code"),
)  # fmt: skip
QUARANTINED = Definition(
    _STREAMS, "registry_quarantined_records", "gauge",
    "Records of a stream that are not valid commits of it, by rule.", ("member", "code"),
)  # fmt: skip
DISPUTED = Definition(
    _STREAMS, "registry_disputed_heads", "gauge",
    "Validly signed heads outside the accepted tree: `open` until compared, `contradicts` where two histories exist.",
    ("member", "state"),
)  # fmt: skip
COSIGNED = Definition(
    _STREAMS, "registry_cosigned", "gauge",
    "1 if the newest cosigned head of a stream is what the settings ask for, else 0. Missing without witnesses.",
    ("member",),
)  # fmt: skip
PROJECTED_EVENTS = Definition(_STREAMS, "registry_projected_events", "counter", "Events written to the views.")
PROJECTED_COMMITS = Definition(_STREAMS, "registry_projected_commits", "counter", "Commits written to the views.")
PROJECTION_SECONDS = Definition(
    _STREAMS, "registry_projection_seconds", "histogram",
    "Time of a step that read events, from reading the log until all events are in the views.", (),
    (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120),
)  # fmt: skip
PROJECTION_AGE = Definition(
    _STREAMS, "registry_projection_age_seconds", "gauge",
    "Time since the projector last read all streams without a fault, or else since the start.",
)  # fmt: skip
VISIBLE_SECONDS = Definition(
    _STREAMS, "registry_visible_seconds", "histogram",
    "Time from storing an event of this node until it is in the views, for the oldest event of each commit.", (),
    (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)  # fmt: skip

UNPUBLISHED = Definition(
    _PUBLISHING, "registry_unpublished_events", "gauge",
    "Stored events that wait for the publisher, without held events.",
)  # fmt: skip
UNPUBLISHED_AGE = Definition(
    _PUBLISHING, "registry_unpublished_age_seconds", "gauge",
    "Time since the oldest of them was stored; 0 if none waits.",
)  # fmt: skip
HELD_BACK = Definition(
    _PUBLISHING, "registry_held_back_events", "gauge",
    "Stored events that are held back, because consumers would refuse them now.",
)  # fmt: skip
PUBLISHED_EVENTS = Definition(_PUBLISHING, "registry_published_events", "counter", "Events appended to the log.")
PUBLISHED_COMMITS = Definition(_PUBLISHING, "registry_published_commits", "counter", "Commits appended to the log.")
PUBLISH_SECONDS = Definition(
    _PUBLISHING, "registry_publish_seconds", "histogram",
    "Time from storing an event to appending it to the log, for the oldest event of each commit.", (),
    (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)  # fmt: skip

BATCHES = Definition(_INTAKE, "registry_batches", "gauge", "Batches that the node has, by state.", ("state",))
BATCH_ROWS = Definition(
    _INTAKE, "registry_batch_rows", "gauge",
    "Rows of these batches by outcome, without dry runs and reconciliations.", ("outcome",),
)  # fmt: skip
INTAKE_GAPS = Definition(
    _INTAKE, "registry_intake_gaps", "gauge",
    "Ranges of intake events that Kafka removed unread and that nobody has acknowledged.",
)  # fmt: skip
INTAKE_LOST = Definition(
    _INTAKE, "registry_intake_lost_events", "gauge", "Events in these ranges, as far as the number is known."
)

FEED_NEWEST = Definition(
    _FEED,
    "registry_feed_newest",
    "gauge",
    "Number of the newest notice in the member's feed; 0 if the feed is empty.",
)
WEBHOOKS = Definition(_FEED, "registry_webhooks", "gauge", "Webhooks by state.", ("state",))
WEBHOOK_DELIVERIES = Definition(
    _FEED, "registry_webhook_deliveries", "gauge",
    "Deliveries by state: `waiting` (for the first attempt), `failed` (will be repeated), `given-up`.", ("state",),
)  # fmt: skip

REQUESTS = Definition(
    _HTTP, "registry_http_requests", "counter",
    "Answered requests. `route` is the template, never a path; `none` if no route matches.",
    ("method", "route", "status"),
)  # fmt: skip
REQUEST_SECONDS = Definition(
    _HTTP, "registry_http_request_seconds", "histogram", "Time from a request to the end of its answer.",
    ("method", "route"), (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
)  # fmt: skip
POOL_CONNECTIONS = Definition(
    _HTTP, "registry_pool_connections", "gauge",
    "Connections to the views' database in all answering processes, `busy` or `idle`.", ("state",),
)  # fmt: skip
POOL_WAITING = Definition(_HTTP, "registry_pool_waiting_requests", "gauge", "Requests that wait for such a connection.")

LABELS: Final = {
    "version": "of the node",
    "python": "its version",
    "component": "the faulty component, as in `registry status --json`",
    "part": "of the page: `process` (the processes' counters), `positions`, `refused`, `quarantined`,"
    " `disputed`, `replicas`, `build`, `issuing-keys`, `batches`, `webhooks`, `feed`, `intake`, `log`",
    "use": "`kafka` (connections to brokers, with their authorities), `issuing-key` (chains of keys in force)",
    "member": "a member's short name, or `governance`",
    "code": "the rule's name in the event catalogue",
    "state": "see the metric's meaning or the API's description",
    "outcome": "`issued`, `unchanged`, `refused`, `scheduled` (waits for its day)",
    "method": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, or `other`, also if the route lacks the method",
    "route": "the route's template, such as `/v1/credentials/{member}/{credential}`, or `none`",
    "status": "the HTTP status",
}
"""The values of each label."""


def all_definitions() -> Iterator[Definition]:
    """Return all metrics, group by group."""
    for value in globals().values():
        if isinstance(value, Definition):
            yield value
