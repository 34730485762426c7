#!/bin/sh
# Run once by PostgreSQL's image, when its volume is empty: makes the role that runs, which owns no table.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'END'
CREATE ROLE dsar LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
END
