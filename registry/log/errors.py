"""Errors of the shared log.

LogError
├── LogUnavailable   the broker or the disk cannot be reached now; trying again may help
│   └── LogFull      no room is left; nothing of what was appended counts
├── WriterBusy       another process writes this stream
├── NoSuchStream     the stream was never made
│   └── LogGone      the log that this node has read is not there any more
├── ReadOnlyLog      the log was opened for reading
├── ArchiveDamaged  files of an archive that are cut short, altered, swapped or missing
├── LogMoved         the stream does not end where the writer expected
├── TailLost         the log ended before a place that it had reached
├── HeadLost         the stream no longer begins with its first event
├── ForeignLog       the log is another consortium's, or of another founding
├── HistoryRewritten the log contradicts what was read of it before
├── RecordTooLarge   a record over the log's limit; nothing of that call was appended
└── BadAddress       the settings name no log
"""


class LogError(Exception):
    """Something about the shared log. The message says what, where, and what to do."""


class LogUnavailable(LogError):
    """The log cannot be reached now. Whether an append arrived is unknown: read the log's end to tell."""


class LogFull(LogUnavailable):
    """There is no room for what was to be appended."""


class WriterBusy(LogError):
    """Another process is the stream's writer."""


class NoSuchStream(LogError):
    """No stream of that name was made on this log."""


class LogGone(NoSuchStream):
    """The log that this node has read before is not at its address any more."""


class ReadOnlyLog(LogError):
    """The log was opened for reading only."""


class ArchiveDamaged(LogError):
    """Files of an archive that are not what they should be. The message names each, and what is wrong with it."""


class LogMoved(LogError):
    """A stream does not end where its writer expected. Read the stream again before you append to it."""


class HeadLost(LogError):
    """The stream begins after its first event: retention deleted it, or the file was cut at its beginning."""


class ForeignLog(LogError):
    """The log is of another consortium or another founding than the settings name."""


class HistoryRewritten(LogError):
    """The log holds another history than the one that was read and verified before."""


class TailLost(LogError):
    """The log no longer reaches a place that was read of it before: its end was lost, or cut off, meanwhile."""


class RecordTooLarge(LogError):
    """A record of more bytes than the log takes. Trying again does not help."""


class BadAddress(LogError):
    """A log is `file:PATH`, `kafka://HOST:PORT[,HOST:PORT]` or `archive:PATH`."""
