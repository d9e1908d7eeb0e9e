"""What is measured: the app and its peers, how each is started, and how its counts are read."""

import http.client
import os
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import install, postgres
from .processes import Server, free_port

CORES = os.cpu_count()
# In each process. Of 2, 4, 8 and 16, tried on two cores, these answered the most.
TUNED_THREADS = 8
SETTINGS = ("XKCDAPP_", "DATABASE_", "ELASTICACHE_", "SECRET_KEY", "PG", "PYTHON")


@dataclass
class Target:
    name: str
    label: str
    server: Server
    # Reads sum(view_count); a peer that counts nothing has none.
    views: Callable[[], int] | None = None
    on_postgres: bool = False
    sessions: bool = False
    headers: list[str] = field(default_factory=list)

    def take_session(self):
        """Visits once, and takes the session along from then on: each view then reads and writes it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request("GET", "/")
        cookie = connection.getresponse().getheader("Set-Cookie")
        connection.close()
        self.headers = [f"Cookie: {cookie.split(';')[0]}"]


class Site:
    """Makes targets that share an upstream; their files and logs are in `folder`."""

    def __init__(self, folder, upstream_url):
        self.folder, self.upstream_url = folder.resolve(), upstream_url
        self.folder.mkdir(parents=True, exist_ok=True)

    def all(self):
        return [
            self.django("django_guide", "the Django guide's app, as written"),
            self.django("django_guide", "… with a Redis session per view", sessions=True),
            self.django("django_tuned", "the same page in tuned Django"),
            self.django("django_tuned", "… with a Redis session per view", sessions=True),
            self.app("app_sqlite", "XKCD App on SQLite"),
            self.app("app_postgres", "XKCD App on PostgreSQL and Redis"),
            self.app("app_postgres_gzip", "… and compressed, as browsers ask for it", headers=["Accept-Encoding: gzip"]),
            self.counted("counted_sqlite", "bare actix-web and the app's counter on SQLite"),
            self.counted("counted_postgres", "bare actix-web and the app's counter on PostgreSQL"),
            self.actix("rendered", "actix-web and tera: a page, nothing counted"),
            self.actix("bare", "bare actix-web: 2.5 KB, nothing counted"),
        ]

    def actix(self, name, label):
        port = free_port()
        command = [install.peer_binary(name), f"127.0.0.1:{port}"]
        return Target(name, label, Server(command, port, _clean(), self._log(name)))

    def counted(self, name, label):
        """Bare actix-web with the app's counter, on SQLite or PostgreSQL as its name says."""
        port = free_port()
        command = [install.peer_binary("counted"), f"127.0.0.1:{port}"]
        if name.endswith("sqlite"):
            folder = self.folder / name
            views = lambda: _sqlite_views(folder / "xkcdapp.db")  # noqa: E731
            return Target(name, label, Server([*command, folder], port, _clean(), self._log(name)), views)
        database = self._database(name)
        environment = dict(os.environ) | {"DATABASE_NAME": database}
        views = lambda: postgres.views(database)  # noqa: E731
        server = Server(command, port, environment, self._log(name))
        return Target(name, label, server, views, on_postgres=True)

    def app(self, name, label, database=None, headers=()):
        """On PostgreSQL when the name says so; in the database of that name unless told otherwise."""
        on_postgres = name.startswith("app_postgres")
        port = free_port()
        environment = _clean() | {
            "XKCDAPP_LISTEN": f"127.0.0.1:{port}",
            "XKCDAPP_METRICS_LISTEN": "127.0.0.1:0",
            "XKCDAPP_XKCD_URL": self.upstream_url,
            "XKCDAPP_DATA": str(self.folder / name),
        }
        if on_postgres:
            ours = ("XKCDAPP_TEST_", "XKCDAPP_BENCH_")
            given = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
            environment = given | environment | {"DATABASE_NAME": database or self._database(name)}
            if not database:
                _run([install.app_binary(), "migrate"], environment)
            views = lambda: postgres.views(environment["DATABASE_NAME"])  # noqa: E731
        else:
            views = lambda: _sqlite_views(self.folder / name / "xkcdapp.db")  # noqa: E731
        server = Server([install.app_binary(), "serve"], port, environment, self._log(name))
        return Target(name, label, server, views, on_postgres, headers=list(headers))

    def django(self, peer, label, sessions=False, workers=None):
        name = peer + ("_sessions" if sessions else "") + (f"_{workers}_workers" if workers else "")
        database = self._database(name)
        project = peer.removeprefix("django_")
        port = free_port()
        environment = _clean() | self._django_settings(database, sessions)
        folder = (Path("bench/peers") / peer).resolve()
        python = install.PYTHON.absolute()
        _run([python, "manage.py", "migrate", "--verbosity", "0"], environment, folder)
        if project == "guide":
            options = ["--workers", workers or 1]
        else:
            threads = ["--worker-class", "gthread", "--threads", TUNED_THREADS]
            options = ["--workers", workers or CORES, *threads, "--keep-alive", 75]
        command = [
            python,
            "-m",
            "gunicorn",
            f"{project}.wsgi",
            "--bind",
            f"127.0.0.1:{port}",
            "--no-control-socket",
            *options,
        ]
        server = Server(command, port, environment, self._log(name), folder)
        views = lambda: postgres.views(database)  # noqa: E731
        return Target(name, label, server, views, on_postgres=True, sessions=sessions)

    def _django_settings(self, database, sessions):
        password, authority = os.environ["ELASTICACHE_AUTH_TOKEN"], os.environ["XKCDAPP_REDIS_CA"]
        redis = os.environ["ELASTICACHE_ENDPOINT"]
        names = ("DATABASE_HOST", "DATABASE_PORT", "DATABASE_USER", "DATABASE_PASSWORD", "SECRET_KEY")
        return {name: os.environ[name] for name in names} | {
            "DATABASE_NAME": database,
            "DATABASE_CA": os.environ["XKCDAPP_DATABASE_CA"],
            "REDIS_URL": f"rediss://:{password}@{redis}/0?ssl_ca_certs={authority}",
            "XKCD_URL": self.upstream_url,
            "SESSION_PER_VIEW": "yes" if sessions else "no",
            "PYTHONPYCACHEPREFIX": str(self.folder.parent / "pycache"),
        }

    def _database(self, name):
        database = f"bench_{self.folder.name}_{name}".replace("-", "_")
        postgres.make_database(database)
        return database

    def _log(self, name):
        return self.folder / f"{name}.log"


def _clean():
    """The environment without the settings of dev-stack, which are for the app on PostgreSQL alone, and without those
    that keep Python from keeping what it compiled."""
    return {key: value for key, value in os.environ.items() if not key.startswith(SETTINGS)}


def _run(command, environment, folder=None):
    subprocess.run(command, env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def _sqlite_views(file):
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return connection.execute("SELECT coalesce(sum(view_count), 0) FROM comic_views").fetchone()[0]
    finally:
        connection.close()
