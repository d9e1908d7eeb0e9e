"""PostgreSQL alone: the one-row upsert that each visit would be without group commit, and one of 64 rows."""

import re
import subprocess
from pathlib import Path

from . import postgres

DATABASE = "bench_pgbench"
# The columns and the free room are those of the app's table. Comics are drawn evenly, as a deck does.
TABLE = """
CREATE TABLE comic_views (comic_number integer PRIMARY KEY, view_count bigint NOT NULL) WITH (fillfactor = 50)
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
CLIENTS = {"1": (1, ONE_ROW, 1), "8": (8, ONE_ROW, 1), "64": (64, ONE_ROW, 1), "8 x 64 rows": (8, MANY_ROWS, 64)}


class PgBench:
    CLIENTS = tuple(CLIENTS)

    def __init__(self, folder):
        self.script = Path(folder) / "pgbench.sql"
        postgres.make_database(DATABASE)
        postgres.ask(DATABASE, TABLE)

    def measure(self, name, seconds):
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


def _found(pattern, text):
    """0 when pgbench had no time left for a transaction: it says nothing then."""
    found = re.search(pattern, text, re.MULTILINE)
    return float(found[1]) if found else 0.0
