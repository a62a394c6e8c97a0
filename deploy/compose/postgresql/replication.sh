#!/bin/sh
# Lets the replica connect. The image runs this once, on an empty database.
set -eu
echo "host replication replication all scram-sha-256" >>"$PGDATA/pg_hba.conf"
