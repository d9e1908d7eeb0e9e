"""The README's headline: the newest report's chart and ratios, between two marks, so that it is never out of date."""

from pathlib import Path

from .figures import median, number

README = Path("README.md")
BEGIN, END = "<!-- Written by bench/run -->\n", "<!-- Until here -->\n"


def update(results):
    text = README.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest or not after:
        raise RuntimeError(f"{README} has lost its marks: {BEGIN.strip()} {END.strip()}")
    README.write_text(before + BEGIN + _headline(results) + END + after)


def _headline(results):
    pages, machine = results["pages"], results["machine"]

    def rate(name):
        return median(pages[name]["64"], "rate")

    best = max(median(pages["pgbench"][clients], "rate") for clients in ("1", "8", "64"))
    postgres, sqlite = rate("app_postgres"), rate("app_sqlite")
    report = f"bench/results/{machine['date']}"
    lines = [
        f"![Pages per second of the app and of its peers]({report}.svg)",
        "",
        f"On {machine['cores']} cores that also run PostgreSQL, Redis and the load, with 64 visitors at once:",
        "",
        f"- {postgres:,.0f} pages a second on PostgreSQL, {sqlite:,.0f} on SQLite: {postgres / rate('bare'):.0%} and "
        f"{sqlite / rate('bare'):.0%} of the rate of bare actix-web, which counts nothing, and "
        f"{postgres / rate('counted_postgres'):.0%} and {sqlite / rate('counted_sqlite'):.0%} of its rate with "
        f"the app's counter, which is what counting leaves;",
        f"- {number(postgres / rate('django_tuned'))} times the same page in tuned Django;",
        f"- {number(postgres / best)} times as many views a second as PostgreSQL can commit one by one.",
        "",
        f"Measured on {machine['date']} by `{results['command']}`: [the report]({report}.md).",
    ]
    return "\n".join(lines) + "\n"
