"""What has to hold and what we want to be known for, each beside what was measured."""

from dataclasses import dataclass

from .figures import median, number

MB = 2**20


@dataclass
class Goal:
    what: str
    value: float
    unit: str
    floor: float
    goal: float
    more_is_better: bool = False

    def verdict(self):
        if self._reaches(self.goal):
            return "goal reached"
        both = self.value and self.goal
        factor = max(self.value / self.goal, self.goal / self.value) if both else float("inf")
        held = "floor holds" if self._reaches(self.floor) else "**floor does not hold**"
        return f"{held}, goal missed by a factor of {number(factor)}"

    def row(self):
        sign = "at least" if self.more_is_better else "at most"
        limits = [f"{sign} {limit:g}{self.unit}" for limit in (self.floor, self.goal)]
        return [self.what, f"{number(self.value)}{self.unit}", *limits, self.verdict()]

    def _reaches(self, limit):
        return self.value >= limit if self.more_is_better else self.value <= limit


def goals(results):
    found = []
    if "pages" in results:
        found += _ratios(results["pages"]) + _costs(results["pages"])
    if "starts" in results:
        found += _starts(results["starts"])
    if "scale" in results:
        for spread, counts in results["scale"].items():
            if "one comic" in spread:
                continue
            rates = {count: median(rounds, "rate") for count, rounds in counts.items()}
            worst = min(rate for count, rate in rates.items() if count != "1") / rates["1"]
            what = f"two, four, eight instances, 64 connections {spread}: the fewest counts/s, against one"
            found.append(Goal(what, worst, " x", 1, 1, True))
        every = [one for counts in results["scale"].values() for rounds in counts.values() for one in rounds]
        dead = sum(one["deadlocks"] for one in every)
        found.append(Goal("… deadlocks", dead, "", 0, 0))
    if "slow" in results:
        found.append(
            Goal(
                "xkcd.com takes 5 s, comics in memory: p99 at 64 connections",
                results["slow"]["cached"]["p99_ms"],
                " ms",
                5,
                3,
            )
        )
        found.append(Goal("… none in memory: the longest answer", results["slow"]["longest_s"], " s", 2, 2))
    if "lists" in results:
        found += _lists(results["lists"])
    return found


def ceiling(pages):
    """What keeps `/` below bare actix-web whoever writes the page: the count that is waited for."""
    at = lambda name: median(pages[name]["64"], "rate")  # noqa: E731
    shares = []
    for store, label in (("postgres", "PostgreSQL"), ("sqlite", "SQLite")):
        counted = at(f"counted_{store}")
        shares.append(f"{counted / at('bare'):.2f} x on {label}, and the app has {at(f'app_{store}') / counted:.2f} of that")
    return (
        "Against bare actix-web, bare actix-web with the app's counter and nothing else reaches "
        f"{'; '.join(shares)}. The rest is the price of the wait for the commit, whatever the page is."
    )


def _ratios(pages):
    at = lambda name, connections: median(pages[name][connections], "rate")  # noqa: E731
    postgres, sqlite, bare = at("app_postgres", "64"), at("app_sqlite", "64"), at("bare", "64")
    best = max(median(pages["pgbench"][clients], "rate") for clients in ("1", "8", "64"))
    counter = median(pages["pgbench"]["counter, 1024"], "rate")
    alone = at("app_postgres", "1") / at("django_tuned", "1")
    return [
        Goal("`/` on PostgreSQL against bare actix-web, 64 connections", postgres / bare, " x", 0.30, 0.45, True),
        Goal("`/` on SQLite against bare actix-web, 64 connections", sqlite / bare, " x", 0.35, 0.50, True),
        Goal(
            "`/` on PostgreSQL against tuned Django, 64 connections",
            postgres / at("django_tuned", "64"),
            " x",
            12,
            20,
            True,
        ),
        Goal("… 1 connection", alone, " x", 2, 3, True),
        Goal("durable counts/s against the best of pgbench's one-row upserts", postgres / best, " x", 1, 1.5, True),
        Goal("… at the counter itself, 1,024 visitors", counter / best, " x", 1, 10, True),
    ]


def _costs(pages):
    found = []
    for name, store in (("app_postgres", "PostgreSQL"), ("app_sqlite", "SQLite")):
        many, one = pages[name]["64"], pages[name]["1"]
        found += [
            Goal(f"p99 at 64 connections, {store}", median(many, "p99_ms"), " ms", 5, 3),
            Goal(f"p50 at 1 connection, {store}", median(one, "p50_ms"), " ms", 1, 0.5),
            Goal(f"CPU of the app per page, {store}", median(many, "cpu_us"), " µs", 40, 20),
            Goal(f"memory under that load, {store}", median(many, "memory") / MB, " MB", 64, 32),
        ]
    found.insert(
        3, Goal("CPU of PostgreSQL per page", median(pages["app_postgres"]["64"], "store_cpu_us"), " µs", 20, 10)
    )
    return found


def _starts(starts):
    listening = sorted(starts["app_sqlite"]["listening_ms"])
    return [
        Goal("memory idle with SQLite, all comics in it", starts["app_sqlite"]["idle_memory"] / MB, " MB", 25, 15),
        Goal("from exec to listening, SQLite", listening[len(listening) // 2], " ms", 100, 30),
    ]


def _lists(lists):
    def worst(paths):
        return max(median(lists[path], "p99_ms") for path in paths)

    rows = [path for path in lists if not path.startswith("/admin") or path.startswith("/admin/comics/")]
    admin = [path for path in lists if path.startswith("/admin")]
    return [
        Goal("archive, popular, search, feed, admin list: worst p99 at 8 connections", worst(rows), " ms", 20, 5),
        Goal("admin over 100,000 rows of history: worst p99 at 8 connections", worst(admin), " ms", 50, 50),
    ]
