"""The throwaway PostgreSQL: databases of their own for each server, and questions to it."""

import os
import subprocess
from pathlib import Path

from .processes import Tree

TEST = "XKCDAPP_TEST_POSTGRES_"


def tree():
    pid_file = Path(os.environ["XKCDAPP_TEST_STACK"]) / "postgres/data/postmaster.pid"
    return Tree(int(pid_file.read_text().split()[0]))


def environment(database):
    """For programs of PostgreSQL: over TLS with the certificate checked, as the app connects."""
    setting = {name: os.environ[TEST + name] for name in ("HOST", "PORT", "USER", "PASSWORD", "CA")}
    return os.environ | {
        "PGHOST": setting["HOST"], "PGPORT": setting["PORT"], "PGUSER": setting["USER"],
        "PGPASSWORD": setting["PASSWORD"], "PGDATABASE": database,
        "PGSSLMODE": "verify-full", "PGSSLROOTCERT": setting["CA"],
    }  # fmt: skip


def ask(database, sql):
    command = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]
    done = subprocess.run([*command, "--command", sql], env=environment(database), check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().strip()


def make_database(name):
    ask("postgres", f"CREATE DATABASE {name} OWNER xkcdapp")


def views(database):
    return int(ask(database, "SELECT coalesce(sum(view_count), 0)::bigint FROM comic_views"))


def deadlocks(database):
    return int(ask("postgres", f"SELECT deadlocks FROM pg_stat_database WHERE datname = '{database}'"))
