"""Errors of the shared log.

LogError
├── LogUnavailable   the broker or the disk cannot be reached now; trying again may help
│   └── LogFull      no room is left; nothing was appended
├── LogRefused       the broker's access list does not let us; trying again helps once somebody adds the entry
├── WriterBusy       another process writes this stream
├── NoSuchStream     the stream does not exist
│   └── LogGone      the log that this node read before no longer exists
├── ReadOnlyLog      the log was opened for reading
├── ArchiveDamaged   files of an archive are cut short, altered, swapped or missing
├── LogMoved         the stream does not end where the writer expected
├── TailLost         the log ended before a place that it had reached
├── HeadLost         the stream no longer begins with its first event
├── ForeignLog       the log is another consortium's, or of another founding
├── HistoryRewritten the log contradicts what was read of it before
├── RecordTooLarge   a record is over the log's limit; nothing of that call was appended
├── BadAddress       the settings name no log
└── KafkaSecurityError  files for TLS or a password are missing or wrong (in `kafka_security.py`)
"""


class LogError(Exception):
    """Something about the shared log. The message says what, where, and what to do."""


class LogUnavailable(LogError):
    """The log cannot be reached now. Whether an append arrived is unknown: read the log's end to tell."""


class LogFull(LogUnavailable):
    """No room is left for these records."""


class LogRefused(LogError):
    """The access list of the log lacks an entry for us. The message names it."""


class WriterBusy(LogError):
    """Another process is the stream's writer."""


class NoSuchStream(LogError):
    """The log has no stream of that name."""


class LogGone(NoSuchStream):
    """The log that this node read before is no longer at its address."""


class ReadOnlyLog(LogError):
    """The log was opened for reading only."""


class ArchiveDamaged(LogError):
    """Files of an archive are damaged. The message names each and says what is wrong with it."""


class LogMoved(LogError):
    """A stream does not end where its writer expected. Read the stream again before you append to it."""


class HeadLost(LogError):
    """The stream begins after its first event: retention deleted it, or the file was cut at its beginning."""


class ForeignLog(LogError):
    """The log belongs to another consortium or another founding than the settings name."""


class HistoryRewritten(LogError):
    """The log contradicts the history that was read and verified before."""


class TailLost(LogError):
    """The log ends before a place that was read before: its end was lost or cut off."""


class RecordTooLarge(LogError):
    """A record is larger than the log's limit. Trying again does not help."""


class BadAddress(LogError):
    """The address of a log is not `file:PATH`, `kafka://HOST:PORT[,HOST:PORT]` or `archive:PATH`."""
