#!/bin/sh
# Copies the primary the first time, then follows it. The arguments are the server's own.
set -eu
umask 077
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    pg_basebackup --pgdata="$PGDATA" --dbname="$PRIMARY" --wal-method=stream --checkpoint=fast \
        --slot=replica --create-slot --write-recovery-conf --no-password
fi
exec "$@"
