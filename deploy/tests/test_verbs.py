"""The scripts, run against the cloud of cloud.py."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from template import STACKS

VERBS = ["deploy", "migrate", "create-admin", "status", "logs", "load-test", "destroy"]


def parameters(machine):
    return machine.cloud.parameters()


def deployed(machine):
    ended = machine.run("deploy")
    assert ended.returncode == 0, machine.output
    return ended


def refused(ended, *said, code=1):
    assert ended.returncode == code, ended.stderr
    for text in said:
        assert text in ended.stderr, ended.stderr


def secrets_of(machine):
    return [
        value
        for name, (_, value) in parameters(machine).items()
        if name.endswith(("PASSWORD", "TOKEN", "SECRET_KEY"))
    ]


def leaks(machine, secrets):
    """Where a secret can be seen that must not."""
    places = {
        "arguments": machine.arguments(),
        "output": machine.output,
        "stacks": repr(machine.cloud.stacks) + repr(machine.cloud.revisions),
        "files": "".join(path.read_text(errors="replace") for path in machine.files_left()),
    }
    return [place for place, text in places.items() for secret in secrets if secret in text]


# --- deploy ------------------------------------------------------------------------------------------------


def test_an_empty_account_becomes_a_running_service(machine):
    ended = deployed(machine)
    cloud = machine.cloud
    assert list(cloud.stacks) == STACKS
    commit = subprocess.run([*machine.git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip()
    assert cloud.images == {commit}
    assert cloud.revisions[0]["ContainerDefinitions"][0]["Image"].endswith(f":{commit}")
    assert cloud.deployments[0]["taskDefinition"].endswith(":1")
    assert ended.stdout == "http://{load-balancer.XKCDAppELB.DNSName}\n"
    assert "PLAIN HTTP" in ended.stderr


def test_secrets_are_made_up_and_kept_encrypted(machine):
    deployed(machine)
    found = parameters(machine)
    assert {name.removeprefix("/xkcdapp/trial/") for name in found} == {
        "DATABASE_NAME", "DATABASE_USER", "DATABASE_PASSWORD", "DATABASE_HOST",
        "ELASTICACHE_ENDPOINT", "ELASTICACHE_AUTH_TOKEN", "SECRET_KEY",
    }
    assert {kind for kind, _ in found.values()} == {"SecureString"}
    secrets = secrets_of(machine)
    assert len(set(secrets)) == 3 and all(re.fullmatch("[0-9a-f]{64}", secret) for secret in secrets)
    assert found["/xkcdapp/trial/DATABASE_HOST"][1] == "{data.XKCDAppDatabase.Endpoint.Address}"
    assert found["/xkcdapp/trial/ELASTICACHE_ENDPOINT"][1] == "{data.XKCDAppRedis.PrimaryEndPoint.Address}:6379"


def test_the_migration_runs_the_new_image_before_the_service_has_it(machine):
    deployed(machine)
    (task,) = machine.cloud.tasks
    assert task["override"] == {"name": "XKCDAppContainer", "command": ["migrate"]}
    assert task["definition"].endswith(":1") and task["service before"] == "[]"
    assert "assignPublicIp=DISABLED" in task["network"]


def test_no_secret_is_seen_anywhere(machine):
    deployed(machine)
    assert machine.run("create-admin").returncode == 0
    machine.output = ""  # That of create-admin has the one password that is shown.
    assert leaks(machine, [*secrets_of(machine), "the-password-of-the-repository"]) == []
    assert machine.files_left() == []


@pytest.mark.parametrize(
    "file, old, new",
    [
        ("functions.sh", "--value file:///dev/stdin", '--value "$2"'),
        ("deploy", 'say "made $PREFIX/$name"', 'aws ssm get-parameter --with-decryption --name "$PREFIX/$name" >"$HOME/notes"'),
        ("deploy", 'say "made $PREFIX/$name"', 'echo | sed "s/x/$(aws ssm get-parameter --with-decryption --name "$PREFIX/$name" --query Parameter.Value --output text)/"'),
        ("deploy", "trap 'rm -rf \"$folder\"' EXIT", "true"),
    ],
)
def test_a_secret_that_is_seen_is_noticed(machine, file, old, new):
    machine.change(file, old, new)
    deployed(machine)
    assert leaks(machine, [*secrets_of(machine), "the-password-of-the-repository"]) != []


def test_deploying_again_changes_nothing(machine, service):
    before = parameters(machine), list(machine.cloud.revisions), set(machine.cloud.images)
    pushes = sum(words[0] == "push" for words in machine.docker_calls)
    ended = deployed(machine)
    assert (parameters(machine), machine.cloud.revisions, machine.cloud.images) == before
    assert sum(words[0] == "push" for words in machine.docker_calls) == pushes == 1
    assert "is in the repository already" in ended.stderr


def test_a_new_commit_is_a_new_image_and_revision(machine, service):
    machine.commit("Two")
    deployed(machine)
    assert len(machine.cloud.images) == 2
    assert machine.cloud.deployments[0]["taskDefinition"].endswith(":2")


def test_a_line_that_leaves_the_configuration_goes_back_to_the_default(machine):
    machine.configure(MinTasks="3", Cpu="512")
    deployed(machine)
    assert '"MinCapacity": 3' in machine.cloud.stacks["service"]["resources"]
    machine.configure(MinTasks=None, Cpu=None)
    deployed(machine)
    assert '"MinCapacity": 2' in machine.cloud.stacks["service"]["resources"]
    assert machine.cloud.revisions[-1]["Cpu"] == "256"


def test_a_failing_migration_leaves_the_service_as_it_was(machine, service):
    before = list(machine.cloud.deployments)
    machine.commit("Two")
    machine.cloud.exit_code = 1
    ended = machine.run("deploy")
    refused(ended, "the task failed: exit code 1", "a line of the task", "the log above says why")
    assert machine.cloud.deployments == before


@pytest.mark.parametrize(
    "reason, advice",
    [
        ("ResourceInitializationError: unable to pull secrets or registry auth", "its execution role"),
        ("CannotPullContainerError: not found", "is the image there"),
    ],
)
def test_a_task_that_does_not_start_is_explained(machine, reason, advice):
    machine.cloud.exit_code, machine.cloud.stopped_reason = None, reason
    refused(machine.run("deploy"), reason, advice)
    assert "service" not in machine.cloud.stacks


def test_a_migration_that_does_not_end_is_stopped(machine):
    machine.cloud.never_done = True
    refused(machine.run("deploy"), "did not end within 2 s and was stopped")
    assert any(call[:2] == ["ecs", "stop-task"] for call in machine.cloud.calls)


def test_going_back_to_the_old_tasks_is_a_failure(machine, service):
    machine.commit("Two")
    machine.cloud.rolls_back = True
    refused(machine.run("deploy"), "ECS went back to XKCDAppTaskDefinition-trial:1", "deploy/logs trial")


def test_a_rollout_that_does_not_end_is_not_waited_for(machine):
    machine.change("deploy", "  migrate\n", "")
    machine.cloud.never_done = True
    refused(machine.run("deploy"), "the new tasks are not all there after 2 s")


@pytest.mark.parametrize(
    "file, old, new, break_it",
    [
        ("functions.sh", '[[ $code == 0 ]] || explain_task "$code" "$reason"', "true", {"exit_code": 1}),
        ("deploy", "$current != \"$wanted\" || $state == FAILED", "$state == FAILED", {"rolls_back": True}),
    ],
)
def test_a_failure_that_nobody_looked_at_would_pass(machine, service, file, old, new, break_it):
    """What the two tests above are about: without these lines the script is content."""
    machine.change(file, old, new)
    for name, wanted in break_it.items():
        setattr(machine.cloud, name, wanted)
    deployed(machine)


def test_an_earlier_image_is_deployed_without_a_build(machine, service):
    (first,) = machine.cloud.images
    machine.commit("Two")
    deployed(machine)
    machine.docker_calls.clear()
    assert machine.run("deploy", "--image-tag", first).returncode == 0, machine.output
    assert machine.docker_calls == []
    assert machine.cloud.revisions[-1]["ContainerDefinitions"][0]["Image"].endswith(first)
    refused(machine.run("deploy", "--image-tag", "nowhere"), "the repository has no image nowhere")


def test_uncommitted_changes_are_not_deployed(machine):
    (machine.deploy.parent / "new").write_text("x")
    refused(machine.run("deploy"), "changes that no commit has")


def test_a_missing_password_is_not_made_up_anew_while_the_database_is_there(machine, service):
    machine.cloud.forget("/xkcdapp/trial/DATABASE_PASSWORD")
    refused(machine.run("deploy"), "/xkcdapp/trial/DATABASE_PASSWORD is missing", "Rotating secrets")
    assert "/xkcdapp/trial/DATABASE_PASSWORD" not in parameters(machine)


def test_a_new_version_of_a_password_reaches_the_database(machine, service):
    machine.cloud.put("/xkcdapp/trial/DATABASE_PASSWORD", "another-password")
    deployed(machine)
    assert "DATABASE_PASSWORD:2}}" in machine.cloud.stacks["data"]["resources"]


def test_more_than_ten_parameters_are_all_seen(machine):
    for number in range(15):
        machine.cloud.put(f"/xkcdapp/trial/A{number:02}", "x", "String")
    deployed(machine)
    before = parameters(machine)
    assert len(before) == 22
    deployed(machine)
    assert parameters(machine) == before
    assert machine.run("destroy", "--confirm", "trial").returncode == 0, machine.output
    assert parameters(machine) == {}


def test_what_a_failed_first_creation_left_goes_first(machine):
    machine.cloud.stacks["data"] = {"status": "ROLLBACK_COMPLETE", "exports": {}, "given": {}, "resources": ""}
    # The password is there, as after the run that failed.
    for name in ("DATABASE_PASSWORD", "ELASTICACHE_AUTH_TOKEN"):
        machine.cloud.put(f"/xkcdapp/trial/{name}", "x" * 16)
    deployed(machine)
    assert machine.cloud.stacks["data"]["status"] == "CREATE_COMPLETE"


@pytest.mark.parametrize("status, advice", [("UPDATE_IN_PROGRESS", "deploy/status trial"), ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback")])
def test_a_stack_that_can_not_be_changed_now_is_left(machine, status, advice):
    machine.cloud.stacks["cluster"] = {"status": status, "exports": {}, "given": {}, "resources": ""}
    refused(machine.run("deploy"), status, advice)


def test_what_cloudformation_refuses_is_shown_with_its_reason(machine):
    machine.configure(Memory="3")
    refused(machine.run("deploy"), "Memory: '3' is none of", "a reason", "it goes on where it stopped")


# --- The other verbs ---------------------------------------------------------------------------------------


def test_create_admin_hands_the_password_over_and_deletes_it(machine, service):
    seen = []
    machine.cloud.run_hook = lambda task: seen.append(parameters(machine).get("/xkcdapp/trial/XKCDAPP_ADMIN_PASSWORD"))
    ended = machine.run("create-admin", "randall")
    assert ended.returncode == 0, machine.output
    password = ended.stdout.strip()
    assert seen == [("SecureString", password)] and len(password) == 64
    assert "/xkcdapp/trial/XKCDAPP_ADMIN_PASSWORD" not in parameters(machine)
    override = machine.cloud.tasks[-1]["override"]
    assert override["command"] == ["create-admin", "--no-input"]
    assert override["environment"] == [{"name": "XKCDAPP_ADMIN_USERNAME", "value": "randall"}]
    assert password not in machine.arguments() and machine.files_left() == []
    assert machine.run("create-admin", "randall", "--reset").returncode == 0
    assert machine.cloud.tasks[-1]["override"]["command"] == ["change-password", "--no-input"]


def test_create_admin_deletes_the_password_also_when_the_task_fails(machine, service):
    machine.cloud.exit_code = 1
    ended = machine.run("create-admin")
    refused(ended, "exit code 1")
    assert ended.stdout == ""
    assert "/xkcdapp/trial/XKCDAPP_ADMIN_PASSWORD" not in parameters(machine)


def test_a_password_that_is_not_deleted_would_stay(machine, service):
    machine.change("create-admin", "trap remove_password EXIT", "true")
    assert machine.run("create-admin").returncode == 0
    assert "/xkcdapp/trial/XKCDAPP_ADMIN_PASSWORD" in parameters(machine)


def test_a_name_is_not_taken_for_json(machine, service):
    for wrong in ('a"b', "a b", "a\\", ""):
        refused(machine.run("create-admin", wrong), "not a name", code=2)


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
    for text in ("CREATE_COMPLETE", "XKCDAppTaskDefinition-trial:1", "steady state", "10.0.128.7", "healthy"):
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
    assert "{cluster.XKCDAppLogGroup}" in ended.stderr
    assert machine.run("destroy", "--confirm", "trial").returncode == 0, "twice is once"


def test_destroy_refuses_what_is_protected(machine):
    machine.configure(DeletionProtection="true")
    deployed(machine)
    refused(machine.run("destroy", "--confirm", "trial"), "DeletionProtection is on")
    assert list(machine.cloud.stacks) == STACKS
    # It is off in the file, but was never deployed.
    machine.configure(DeletionProtection="false")
    assert machine.run("destroy", "--confirm", "trial").returncode == 1
    assert "data" in machine.cloud.stacks and parameters(machine)


# --- All verbs ---------------------------------------------------------------------------------------------


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


def test_a_dry_deploy_prints_the_whole_plan(machine):
    plan = machine.run("deploy", "--dry-run").stdout
    for stack in STACKS:
        assert f"--stack-name xkcdapp-trial-{stack} " in plan, stack
    for step in ("docker build", "docker push", "ssm put-parameter", "ecs run-task", "ecs describe-services"):
        assert step in plan, step
    order = [plan.index(step) for step in ("docker push", "xkcdapp-trial-data", "ecs run-task", "xkcdapp-trial-service ")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    "values, said",
    [
        ({"Colour": "blue"}, "no template has a parameter Colour"),
        ({"Region": ""}, "Region is missing"),
        ({"CertificateArn": "arn:x"}, "CertificateArn needs DomainName"),
        ({"Egress": "endpoints"}, "needs Comics=built-in"),
        ({"Zones": "2 3"}, "is not Name=Value"),
    ],
)
def test_a_configuration_that_can_not_be_meant_is_refused_before_anything(machine, values, said):
    machine.configure(**values)
    refused(machine.run("deploy"), said)
    assert machine.cloud.calls == []


def test_an_environment_that_nobody_described_is_refused(machine):
    machine.environment = "other"
    refused(machine.run("deploy"), "there is no", "copy deploy/environments/demo.conf")
    machine.environment = "Not-A-Name"
    refused(machine.run("deploy"), "an environment is named by", code=2)


def test_somebody_whom_aws_does_not_know_is_told_what_to_do(machine):
    machine.cloud.sts_get_caller_identity = lambda options: (_ for _ in ()).throw(__import__("cloud").Refused("ExpiredToken"))
    refused(machine.run("deploy"), "AWS does not know who you are", "aws sso login")


def test_the_aws_cli_reads_a_value_from_standard_input(moto):
    """The one call that needs the program itself: its standard input is a pipe."""
    program = Path(sys.executable).parent / "aws"
    variables = {"AWS_ENDPOINT_URL": moto, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", "PATH": "/usr/bin:/bin"}
    put = [program, "ssm", "put-parameter", "--name", "/xkcdapp/pipe/A", "--type", "SecureString", "--overwrite", "--value", "file:///dev/stdin"]
    subprocess.run(put, env=variables, input="through a pipe", text=True, check=True, capture_output=True)
    get = [program, "ssm", "get-parameter", "--name", "/xkcdapp/pipe/A", "--with-decryption", "--query", "Parameter.Value", "--output", "text"]
    assert subprocess.run(get, env=variables, text=True, check=True, capture_output=True).stdout == "through a pipe\n"
