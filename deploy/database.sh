#!/bin/sh
# Makes the database on a new PostgreSQL server, with two accounts: desk_owner makes and changes tables
# (releases and restores), desk_work changes rows and nothing else (web and worker). Their passwords
# come from POSTGRES_PASSWORD and DESK_PASSWORD. Compose runs it by itself.
set -eu
: "${POSTGRES_PASSWORD:?}" "${DESK_PASSWORD:?}"

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
\getenv owner_password POSTGRES_PASSWORD
\getenv password DESK_PASSWORD
CREATE ROLE desk_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE desk_work LOGIN PASSWORD :'password';
GRANT desk_work TO desk_owner; -- who sees by it, before a restore, whether anybody is still at work
CREATE DATABASE desk OWNER desk_owner;
REVOKE ALL ON DATABASE desk FROM PUBLIC;
GRANT CONNECT ON DATABASE desk TO desk_work;
\connect desk
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO desk_work;
ALTER DEFAULT PRIVILEGES FOR ROLE desk_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO desk_work;
ALTER DEFAULT PRIVILEGES FOR ROLE desk_owner GRANT SELECT, USAGE ON SEQUENCES TO desk_work;
SQL
