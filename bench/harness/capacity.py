"""What the CPU per page says of larger sites, with the sizes and prices of deploy/README.md."""

from .figures import median, number, table

# Of what a part can do; the rest is for the minute until another task has started.
USED = 0.7
# Processors of a db.t4g of each size: two that burst, of which so much is left without credits.
MICRO, SMALL, BURST = 0.2, 0.4, 2
# How many tasks, their processors together, the database, its processors, USD a month.
STEPS = (
    ("demo: 1 task of 0.25 vCPU", "1", 0.25, "db.t4g.micro, no credits left", MICRO, 114),
    ("production: 2 tasks of 0.5 vCPU", "2", 1, "db.t4g.small, no credits left", SMALL, 300),
    ("8 tasks of 0.5 vCPU", "8", 4, "db.t4g.small, while it has credits", BURST, 300 + 6 * 20.73),
)
SECONDS_A_MONTH = 730 * 3600


def section(pages, scale):
    """From the CPU of a compressed page, and of a count in as many instances as there are tasks."""
    server = median(pages["app_postgres_gzip"]["64"], "cpu_us") / 1e6
    rows = []
    for tasks, count, processors, database, database_processors, dollars in STEPS:
        store = median(scale["for each"][count], "store_cpu_us") / 1e6
        of_tasks, of_database = USED * processors / server, USED * database_processors / store
        rate = min(of_tasks, of_database)
        first = "tasks" if of_tasks < of_database else "database"
        per_million = dollars / (rate * SECONDS_A_MONTH) * 1e6
        rows.append(
            [tasks, database, number(of_tasks), number(of_database), first, f"{dollars:,.0f}", f"{per_million:.3f}"]
        )
    note = (
        f"By CPU alone: {number(server * 1e6)} µs for a compressed page, what PostgreSQL took for a count from as many "
        f"instances (above), {USED:.0%} of it used, and as if processors elsewhere were this machine's: for the order "
        "of magnitude. [docs/scaling.md](../../docs/scaling.md) has the other limits; traffic and the load balancer's "
        "are extra."
    )
    head = ["", "", " views/s: the tasks", " the database", "full first", " USD a month", " USD a million views"]
    return ["## What it means for larger sites", "", note, "", *table(head, rows)]
