#!/bin/sh
# Runs once, when PostgreSQL's disk is new: makes the hub's own user, who owns the hub's database and is no superuser.
# The image's start script reads this file into itself, so it must not set -u.
set -e
secrets=${SECRETS:-/run/secrets}

# The password goes in on standard input: a command line can be seen by others. It is hexadecimal, so it needs no care.
PGPASSWORD=$(cat "$secrets/postgres_superuser") \
    psql --set=ON_ERROR_STOP=1 --quiet --username="${POSTGRES_USER:-postgres}" --dbname="$POSTGRES_DB" <<SQL
CREATE ROLE dancu LOGIN PASSWORD '$(cat "$secrets/postgres_hub")';
ALTER DATABASE "$POSTGRES_DB" OWNER TO dancu;
REVOKE ALL ON DATABASE "$POSTGRES_DB" FROM PUBLIC;
SQL
