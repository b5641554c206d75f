#!/bin/sh
# Runs once, when PostgreSQL is set up: a database and a role each for Gitea and the bridge.
set -eu
psql -v ON_ERROR_STOP=1 -v gitea="$GITEA_DB_PASSWORD" -v bridge="$BRIDGE_DB_PASSWORD" -U postgres <<'SQL'
CREATE ROLE gitea LOGIN PASSWORD :'gitea';
CREATE DATABASE gitea OWNER gitea;
CREATE ROLE bridge LOGIN PASSWORD :'bridge';
CREATE DATABASE bridge OWNER bridge;
SQL
