"""deploy/README.md: what it names is there, and its arithmetic is right."""

import re

import pytest
from template import DEPLOY, STACKS, load_all, profile, resolve_all

GUIDE = (DEPLOY / "README.md").read_text()
TEMPLATES = load_all()
VERBS = [path.name for path in DEPLOY.iterdir() if path.is_file() and path.stat().st_mode & 0o100]
RESOURCES = {name for stack in STACKS for name in TEMPLATES[stack]["Resources"]}
PARAMETERS = {name for stack in STACKS for name in TEMPLATES[stack]["Parameters"]}
# In code, with a capital letter, and not of the templates: AWS's own words, and the configuration's.
OTHERS = {
    "Parameter", "Region", "Value", "NAME", "X86_64", "ARM64", "AdministratorAccess", "ALBRequestCountPerTarget",
    "GetParametersByPath", "GetParameters", "CannotPullContainerError", "ImageTagAlreadyExists", "XKCDAppContainer", "Host",
}


def table(heading):
    """The rows of the first table after a heading or sentence, each a list of cells, without its head."""
    lines = GUIDE[GUIDE.index(heading) :].splitlines()
    rows = [line for line in lines if line.startswith("|")]
    first = lines.index(rows[0])
    end = next((at for at in range(first, len(lines)) if not lines[at].startswith("|")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first + 2 : end]]


def spoken(cells):
    return " ".join(cell.lower() for row in cells for cell in row)


def test_it_names_every_verb_and_every_stack():
    assert len(VERBS) == 7
    assert {row[0].strip("`") for row in table("Every verb has")} == {f"deploy/{verb}" for verb in VERBS}
    assert [row[0].strip("`") for row in table("Six stacks")] == [
        f"{name}.yaml" for name in ("cluster", "network", "load-balancer", "data", "task", "service")
    ]


def test_its_links_lead_somewhere():
    headings = re.findall(r"^#+ (.*)$", GUIDE, re.M)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    targets = re.findall(r"\]\(([^)]+)\)", GUIDE)
    assert len(targets) > 10
    for target in targets:
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("https://"):
            assert (DEPLOY / target).exists(), target


def test_the_names_in_it_are_those_of_the_templates():
    names = set(re.findall(r"`([A-Z][A-Za-z0-9_]+)(?:=[^`]*)?`", GUIDE))
    assert len(names) > 30
    upper = {name for name in names if name.isupper()}
    assert names - upper - RESOURCES - PARAMETERS - OTHERS == set()


def test_the_options_in_it_are_those_of_the_verbs():
    used = re.findall(r"deploy/(deploy|migrate|create-admin|status|logs|load-test|destroy)\b([^\n`|;&]*)", GUIDE)
    options = [(verb, option) for verb, rest in used for option in re.findall(r"--[a-z-]+", rest)]
    assert len(options) >= 5
    for verb, option in options:
        usage = (DEPLOY / verb).read_text().split("TEXT")[1]
        assert re.search(rf"(?<![a-z-]){option}(?![a-z-])", usage), (verb, option)


def test_each_step_of_the_console_leads_to_a_resource_that_is_there():
    steps = table("`deploy/destroy` does so in the right order.")
    for step in (
        "rds", "parameter store", "iam", "super user", "elasticache", "ecr", "locally with aws credentials", "load balancer",
        "ecs", "load test", "auto scaling", "security groups",
    ):
        assert any(step in row[0].lower() for row in steps), step
    for stack, rest in (pair for row in steps for pair in re.findall(r"`([a-z-]+)\.yaml`: ([^;]*)", row[1])):
        for name in re.findall(r"`([A-Za-z]+)`", rest):
            assert name in TEMPLATES[stack]["Resources"] or name == "XKCDAppContainer", (stack, name)


@pytest.mark.parametrize(
    "mistake",
    [
        "health check asks for `/`", "put and delete every parameter", "one role for two purposes", "`redis://`",
        "without the leading slash", '"all traffic" egress', "public during set-up", "port 8000 open to the world",
    ],
)
def test_each_mistake_of_the_manual_procedure_is_named(mistake):
    assert mistake in spoken(table("Mistakes of the manual procedure"))


def test_each_alarm_is_explained():
    alarms = {name for name in RESOURCES if name.endswith("Alarm")}
    explained = spoken(table("`AlarmEmail`, which has to confirm"))
    assert alarms and [name for name in alarms if f"`{name.lower()}`" not in explained] == []


def test_the_symptoms_that_people_meet_most_are_explained():
    symptoms = spoken([[row[0]] for row in table("## When something is wrong")])
    for symptom in ("unable to pull secrets", "_in_progress", "tag exists", "rollback_complete", "ecs went back to"):
        assert symptom in symptoms, symptom


# --- What it costs -----------------------------------------------------------------------------------------

COSTS = table("## What it costs")


def worked_out(text):
    """The figure of `cache.t4g.micro: 2 x 0.019 x 730`; None where nothing is worked out."""
    text = re.sub(r" of the scaling| LCU| GB", "", text.split(": ")[-1]).replace(" x ", " * ")
    return eval(text) if re.fullmatch(r"[\d.()+* ]*\*[\d.()+* ]*", text) else None  # noqa: S307


@pytest.mark.parametrize("column", [1, 3], ids=["demo", "production"])
def test_the_arithmetic_is_right(column):
    *rows, total = COSTS
    checked = [row for row in rows if worked_out(row[column + 1]) is not None]
    assert len(checked) >= 8
    for row in checked:
        assert f"{worked_out(row[column + 1]):.2f}" == f"{float(row[column]):.2f}", row
    together = sum(float(row[column]) for row in rows)
    assert total[column] == f"**about {together:.0f}**"
    assert total[column + 1] == f"{together * 12 / 365:.2f} a day"


@pytest.mark.parametrize("name, column", [("demo", 2), ("production", 4)])
def test_what_is_paid_for_is_what_there_is(name, column):
    resources = [each for stack in resolve_all(TEMPLATES, profile(name)).values() for each in stack.resources.values()]
    kinds = [each["Type"] for each in resources]
    rows = {row[0]: row[column] for row in COSTS}
    times = {part: int((re.match(r"\(?(\d+) (?:x|\+)", text) or [0, 1])[1]) for part, text in rows.items()}
    assert times["NAT"] == times["its public addresses"] == kinds.count("AWS::EC2::NatGateway")
    assert times["the load balancer's addresses"] == int(profile(name)["Zones"])
    assert times["alarms"] == kinds.count("AWS::CloudWatch::Alarm")
    # Target tracking makes an alarm each for out and in.
    assert f"+ {2 * kinds.count('AWS::ApplicationAutoScaling::ScalingPolicy')} of the scaling" in rows["alarms"]
    assert times["tasks, X86_64"] == int(profile(name)["MinTasks"])
    (database,) = (each["Properties"] for each in resources if each["Type"] == "AWS::RDS::DBInstance")
    (redis,) = (each["Properties"] for each in resources if each["Type"] == "AWS::ElastiCache::ReplicationGroup")
    assert rows["PostgreSQL"].startswith(database["DBInstanceClass"])
    assert ("2 x" in rows["PostgreSQL"]) == (database["MultiAZ"] == "true")
    assert f"{database['AllocatedStorage']} GB x" in rows["its storage"]
    assert (times["Redis"] == 2) == (redis["NumCacheClusters"] == 2)
