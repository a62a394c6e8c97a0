#!/bin/sh
# Copies the primary the first time, then follows it. The arguments are the server's own.
set -eu
umask 077
copy() {
    pg_basebackup --pgdata="$PGDATA" --dbname="$PRIMARY" --wal-method=stream --checkpoint=fast \
        --slot=replica --write-recovery-conf --no-password "$@"
}
# The manifest is the last file of a copy. Without it the copy was broken off: it is removed, and made again.
if [ ! -s "$PGDATA/backup_manifest" ]; then
    if [ -d "$PGDATA" ]; then find "$PGDATA" -mindepth 1 -delete; fi
    # A copy that was broken off has left its slot on the primary.
    copy --create-slot || copy
fi
exec "$@"
