"""What can go wrong with the shared log.

LogError
├── LogUnavailable   the broker or the disk cannot be reached now; trying again may help
│   └── LogFull      no room is left; nothing of what was appended counts
├── WriterBusy       another process writes this stream
├── NoSuchStream     the stream was never made
├── ReadOnlyLog      the log was opened for reading
├── ArchiveDamaged  files of an archive that are cut short, altered, swapped or missing
├── TailLost         the log ended before a place that it had reached
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


class ReadOnlyLog(LogError):
    """The log was opened for reading only."""


class ArchiveDamaged(LogError):
    """Files of an archive that are not what they should be. The message names each, and what is wrong with it."""


class TailLost(LogError):
    """The log no longer reaches a place that was read of it before: its end was lost, or cut off, meanwhile."""


class RecordTooLarge(LogError):
    """A record of more bytes than the log takes. Trying again does not help."""


class BadAddress(LogError):
    """A log is `file:PATH`, `kafka://HOST:PORT[,HOST:PORT]` or `archive:PATH`."""
