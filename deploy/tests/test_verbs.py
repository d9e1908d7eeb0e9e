"""The verbs besides deploy and create-admin, run against the cloud of cloud.py; and what all verbs do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from steps import deployed, parameters, refused
from template import STACKS

VERBS = ["deploy", "migrate", "create-admin", "status", "logs", "load-test", "destroy"]


def test_migrate_runs_the_deployed_image(machine):
    refused(machine.run("migrate"), "run deploy/deploy trial")
    deployed(machine)
    assert machine.run("migrate").returncode == 0
    assert machine.cloud.tasks[-1]["override"]["command"] == ["migrate"]


def test_status_shows_how_it_is(machine):
    refused(machine.run("status"), "the service is not there yet")
    deployed(machine)
    ended = machine.run("status")
    assert ended.returncode == 0, machine.output
    for text in ("CREATE_COMPLETE", "XKCDAppTaskDefinition-trial:1", "steady state", "10.0.128.7", "healthy", "an alarm of the service"):
        assert text in ended.stdout, ended.stdout
    machine.cloud.never_done = True
    machine.cloud.deployments[0]["rolloutState"] = "IN_PROGRESS"
    refused(machine.run("status"), "the rollout is IN_PROGRESS")


def test_logs_are_of_the_minutes_and_kind_that_were_asked_for(machine, service):
    everything = machine.run("logs", "--minutes", "5").stdout
    assert "None" in everything
    errors = machine.run("logs", "--errors").stdout
    assert '($.level = "ERROR")' in errors
    since = [int(re.search(r"from (\d+)", text).group(1)) for text in (everything, errors)]
    assert 290_000 < since[0] - since[1] < 310_000 + 60_000
    assert 'views.unwritten' in machine.run("logs", "--unwritten").stdout
    refused(machine.run("logs", "--minutes", "x"), "not a number", code=2)


REPORT = """
Summary:
  Total:\t60.0000 secs
  Requests/sec:\t{rate}

Status code distribution:
  [200]\t{answered} responses
{more}
"""


@pytest.mark.parametrize(
    "answered, more, expected, warned",
    [
        # Two tasks: 60,000 in a minute are 30,000 for each, of which 70 % are aimed at.
        (60000, "", "RequestsPerTask=21000", False),
        (60000, "  [503]\t12 responses", "RequestsPerTask=21000", True),
    ],
)
def test_load_test_recommends_a_target(machine, service, answered, more, expected, warned):
    hey = machine.programs / "hey"
    hey.write_text(f"#!/bin/sh\ncat <<'TEXT'\n$*\n{REPORT.format(rate=answered / 60, answered=answered, more=more)}\nTEXT\n")
    hey.chmod(0o755)
    ended = machine.run("load-test", "--yes")
    assert ended.returncode == 0, machine.output
    assert ended.stdout.splitlines()[-1] == expected
    assert ("the recommendation is too high" in ended.stderr) == warned
    refused(machine.run("load-test", answer="no\n"), "nothing was done")


def test_load_test_recommends_nothing_from_refusals(machine, service):
    hey = machine.programs / "hey"
    hey.write_text("#!/bin/sh\necho 'Total: 60.0 secs'; echo '  [503] 100000 responses'\n")
    hey.chmod(0o755)
    refused(machine.run("load-test", "--yes"), "no recommendation")


def test_destroy_asks_first_and_leaves_nothing(machine, service):
    refused(machine.run("destroy", answer="yes\n"), "nothing was deleted")
    assert list(machine.cloud.stacks) == STACKS
    ended = machine.run("destroy", answer="trial\n")
    assert ended.returncode == 0, machine.output
    assert machine.cloud.stacks == {} and machine.cloud.revisions == [] and parameters(machine) == {}
    remains = ended.stderr[ended.stderr.index("what remains") :]
    for command in ("rds delete-db-snapshot", "rds delete-db-instance-automated-backup", "delete-log-group --log-group-name {cluster.XKCDAppLogGroup}"):
        assert command in remains, command
    assert machine.run("destroy", "--confirm", "trial").returncode == 0, "twice is once"


def test_destroy_takes_no_silence_for_nothing_to_delete(machine, service):
    machine.cloud.silent_about = "StackStatus"
    refused(machine.run("destroy", "--confirm", "trial"), "can't be asked for")
    assert list(machine.cloud.stacks) == STACKS and parameters(machine)


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_destroy_clears_away_a_first_creation_that_failed(machine, status):
    machine.cloud.stacks["cluster"] = {"status": status, "exports": {}, "given": {}}
    ended = machine.run("destroy", "--confirm", "trial")
    assert ended.returncode == 0, machine.output
    assert machine.cloud.stacks == {}
    assert "delete-log-group --log-group-name NAME" in ended.stderr


def test_destroy_refuses_what_is_protected(machine):
    machine.configure(DeletionProtection="true")
    deployed(machine)
    refused(machine.run("destroy", "--confirm", "trial"), "DeletionProtection is on")
    assert list(machine.cloud.stacks) == STACKS
    # It is off in the file, but was never deployed.
    machine.configure(DeletionProtection="false")
    assert machine.run("destroy", "--confirm", "trial").returncode == 1
    assert "data" in machine.cloud.stacks and parameters(machine)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_helps_and_tries_dry(machine, verb):
    hey = machine.programs / "hey"
    hey.write_text("#!/bin/sh\nexit 1\n")
    hey.chmod(0o755)
    help = machine.run(verb, "--help")
    assert help.returncode == 0 and help.stdout.startswith(f"Usage: deploy/{verb} ENVIRONMENT")
    dry = machine.run(verb, "--dry-run")
    assert dry.returncode == 0, machine.output
    assert machine.cloud.calls == [] and machine.docker_calls == []
    refused(machine.run(verb, "--no-such-option"), "no such option", code=2)


def test_the_aws_cli_reads_a_value_from_standard_input(moto):
    """The one call that needs the program itself: its standard input is a pipe."""
    program = Path(sys.executable).parent / "aws"
    variables = {"AWS_ENDPOINT_URL": moto, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", "PATH": "/usr/bin:/bin"}
    put = [program, "ssm", "put-parameter", "--name", "/xkcdapp/pipe/A", "--type", "SecureString", "--overwrite", "--value", "file:///dev/stdin"]
    subprocess.run(put, env=variables, input="through a pipe", text=True, check=True, capture_output=True)
    get = [program, "ssm", "get-parameter", "--name", "/xkcdapp/pipe/A", "--with-decryption", "--query", "Parameter.Value", "--output", "text"]
    assert subprocess.run(get, env=variables, text=True, check=True, capture_output=True).stdout == "through a pipe\n"
