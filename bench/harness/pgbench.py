"""PostgreSQL without pages: the one-row upsert that each visit would be without group commit, one of 64 rows, and the
app's counter."""

import os
import re
import subprocess
from pathlib import Path

from . import install, postgres

DATABASE, COUNTER_DATABASE = "bench_pgbench", "bench_counter"
# As the app's table. Comics are drawn evenly, as a deck does.
TABLE = """
CREATE TABLE comic_views (
    comic_number integer PRIMARY KEY,
    view_count bigint NOT NULL CHECK (view_count >= 0),
    version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50)
"""
ONE_ROW = r"""
\set number random(1, 3280)
INSERT INTO comic_views (comic_number, view_count) VALUES (:number, 1)
ON CONFLICT (comic_number) DO UPDATE SET view_count = comic_views.view_count + 1;
"""
# Ascending, so that no two of them wait for each other in a circle.
MANY_ROWS = r"""
\set first random(1, 3217)
INSERT INTO comic_views (comic_number, view_count) SELECT number, 1 FROM generate_series(:first, :first + 63) number
ON CONFLICT (comic_number) DO UPDATE SET view_count = comic_views.view_count + 1;
"""
# The app's counter beside it, with so many visitors at once, who wait as pages do.
VISITORS = (64, 1024)
CLIENTS = {"1": (1, ONE_ROW, 1), "8": (8, ONE_ROW, 1), "64": (64, ONE_ROW, 1), "8 x 64 rows": (8, MANY_ROWS, 64)}


class PgBench:
    CLIENTS = (*CLIENTS, *(f"counter, {visitors}" for visitors in VISITORS))

    def __init__(self, folder):
        self.script = Path(folder) / "pgbench.sql"
        postgres.make_database(DATABASE)
        postgres.ask(DATABASE, TABLE)
        postgres.make_database(COUNTER_DATABASE)
        # The counter makes the app's tables, if there is time to count or not.
        subprocess.run(
            [install.peer_binary("counter"), "1", "0"],
            env=os.environ | {"DATABASE_NAME": COUNTER_DATABASE},
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def measure(self, name, seconds):
        if name.startswith("counter"):
            return _counter(name.split()[-1], seconds)
        clients, script, rows = CLIENTS[name]
        self.script.write_text(script)
        views = postgres.views(DATABASE)
        options = ["--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={min(clients, 2)}"]
        command = ["pgbench", *options, f"--time={seconds}", f"--file={self.script}", DATABASE]
        done = subprocess.run(command, env=postgres.environment(DATABASE), check=True, capture_output=True)
        text = done.stdout.decode()
        processed = int(_found(r"transactions actually processed: (\d+)", text))
        counted = postgres.views(DATABASE) - views
        exact = counted == processed * rows
        return {
            "rate": _found(r"^tps = ([\d.]+)", text) * rows,
            "latency_ms": _found(r"^latency average = ([\d.]+)", text),
            "check": "exact" if exact else f"WRONG: {processed} transactions, {counted} counted",
        }


def _counter(visitors, seconds):
    views = postgres.views(COUNTER_DATABASE)
    environment = os.environ | {"DATABASE_NAME": COUNTER_DATABASE}
    command = [install.peer_binary("counter"), visitors, str(seconds)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    committed, took = done.stdout.split()
    counted = postgres.views(COUNTER_DATABASE) - views
    rate = int(committed) / float(took)
    return {
        "rate": rate,
        "latency_ms": int(visitors) / rate * 1e3,
        "check": "exact" if counted == int(committed) else f"WRONG: {committed} committed, {counted} counted",
    }


def _found(pattern, text):
    """0 when pgbench had no time left for a transaction: it says nothing then."""
    found = re.search(pattern, text, re.MULTILINE)
    return float(found[1]) if found else 0.0
