"""deploy/deploy, run against the cloud of cloud.py."""

import json
import re
import subprocess

import pytest
from steps import deployed, leaks, parameters, refused, secrets_of
from template import HTTPS, STACKS, configuration, load_all, resolve_all


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
    assert machine.arguments().count("od -An -N32 -tx1 /dev/urandom") == 3
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
    machine.cloud.calls.clear()
    machine.docker_calls.clear()
    ended = deployed(machine)
    assert (parameters(machine), machine.cloud.revisions, machine.cloud.images) == before
    assert machine.docker_calls == []
    assert "is in the repository already" in ended.stderr
    assert not any(call[:2] == ["ssm", "put-parameter"] for call in machine.cloud.calls), "no new version either"


def test_everything_is_asked_of_the_region_of_the_configuration(machine):
    machine.configure(Region="eu-north-1")
    deployed(machine)
    assert machine.cloud.regions == {"eu-north-1 eu-north-1"}


def test_the_image_is_pushed_from_the_daemon_that_built_it(machine):
    """Docker Desktop, Colima and rootless Docker are each a context, kept beside the passwords."""
    machine.docker_context = "colima"
    (machine.home / ".docker" / "contexts" / "colima").mkdir(parents=True)
    deployed(machine)
    assert (machine.home / ".docker" / "contexts" / "colima").is_dir()
    assert len(machine.cloud.images) == 1


@pytest.mark.parametrize("architecture, platform", [("X86_64", "linux/amd64"), ("ARM64", "linux/arm64")])
def test_the_image_is_built_for_the_processor_that_runs_it(machine, architecture, platform):
    machine.configure(Architecture=architecture)
    deployed(machine)
    builds = [words for words in machine.docker_calls if words[0] == "build"]
    (image,) = [words[-1] for words in machine.docker_calls if words[0] == "push"]
    file = str(machine.deploy / "Dockerfile")
    assert builds == [["build", "--platform", platform, "--file", file, "--tag", image, str(machine.deploy.parent)]]
    assert machine.cloud.revisions[0]["RuntimePlatform"]["CpuArchitecture"] == architecture
    assert machine.cloud.revisions[0]["ContainerDefinitions"][0]["Image"] == image


def test_a_new_commit_is_a_new_image_and_revision(machine, service):
    machine.commit("Two")
    deployed(machine)
    assert len(machine.cloud.images) == 2
    assert machine.cloud.deployments[0]["taskDefinition"].endswith(":2")


def test_a_line_that_leaves_the_configuration_goes_back_to_the_default(machine):
    machine.configure(MinTasks="3", Cpu="512", Memory="1024")
    deployed(machine)
    assert '"MinCapacity": 3' in machine.cloud.stacks["service"]["resources"]
    machine.configure(MinTasks=None, Cpu=None, Memory=None)
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


def test_new_tasks_that_fail_are_a_failure(machine, service):
    machine.commit("Two")
    machine.cloud.fails = True
    refused(machine.run("deploy"), "the new tasks did not get healthy")


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
    assert machine.cloud.stacks == {}, "what is missing is said before anything is made"


@pytest.mark.parametrize("name", ["DATABASE_PASSWORD", "ELASTICACHE_AUTH_TOKEN"])
def test_a_missing_password_is_not_made_up_anew_while_the_stores_are_there(machine, service, name):
    machine.cloud.forget(f"/xkcdapp/trial/{name}")
    refused(machine.run("deploy"), f"/xkcdapp/trial/{name} is missing", "Rotating secrets")
    assert f"/xkcdapp/trial/{name}" not in parameters(machine)


def test_an_address_that_has_changed_is_put_right(machine, service):
    for name in ("DATABASE_HOST", "ELASTICACHE_ENDPOINT"):
        machine.cloud.put(f"/xkcdapp/trial/{name}", "elsewhere")
    deployed(machine)
    found = parameters(machine)
    assert found["/xkcdapp/trial/DATABASE_HOST"][1] == "{data.XKCDAppDatabase.Endpoint.Address}"
    assert found["/xkcdapp/trial/ELASTICACHE_ENDPOINT"][1] == "{data.XKCDAppRedis.PrimaryEndPoint.Address}:6379"


@pytest.mark.parametrize("what", ["StackStatus", "DatabaseHost", "RedisHost", "PrivateSubnets", "PublicUrl"])
def test_what_cloudformation_does_not_say_is_never_guessed(machine, service, what):
    def as_it_is():
        return parameters(machine), {name: stack["given"] for name, stack in machine.cloud.stacks.items()}

    before = as_it_is()
    machine.cloud.silent_about = what
    refused(machine.run("deploy"), "can't be asked for", "Could not connect")
    assert as_it_is() == before


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
    machine.cloud.refuses = {"network": "LimitExceeded"}
    refused(machine.run("deploy"), "LimitExceeded", "a reason", "it goes on where it stopped")
    machine.cloud.refuses = {}
    deployed(machine)


def test_what_is_deployed_is_what_the_properties_are_about(machine):
    """The script hands on from stack to stack what the tests of the templates take for granted."""
    deployed(machine)
    (image,) = machine.cloud.images
    filled_in = {"ImageTag": image, "DatabasePasswordVersion": "1", "RedisTokenVersion": "1"}
    filled_in["TaskDefinitionArn"] = machine.cloud.made_real("{task.XKCDAppTaskDefinition}")
    expected = resolve_all(load_all(), {"Environment": "trial", **configuration("demo"), **filled_in})
    for name in STACKS:
        resources = machine.cloud.made_real(json.dumps(expected[name].resources, sort_keys=True))
        assert machine.cloud.stacks[name]["resources"] == resources, name


def test_a_certificate_and_a_zone_come_to_a_service_that_is_there(machine, service):
    """CloudFormation refuses to change what another stack imports."""
    machine.configure(**HTTPS, ShutdownSeconds="40", Zones="3")
    assert deployed(machine).stdout == "https://xkcd.example.org\n"
    settings = machine.cloud.stacks["task"]["resources"]
    assert '{"Name": "XKCDAPP_PUBLIC_URL", "Value": "https://xkcd.example.org"}' in settings
    assert '{"Name": "XKCDAPP_SHUTDOWN_SECONDS", "Value": 40}' in settings
    for stack in ("load-balancer", "data", "service"):
        assert "Subnet3}" in machine.cloud.stacks[stack]["resources"], stack


def test_an_export_that_changes_would_be_refused(machine, service):
    machine.change("stacks/cluster.yaml", "Value: !Ref XKCDAppCluster", "Value: another-name")
    refused(machine.run("deploy"), "Cannot update export xkcdapp-trial-cluster")


def test_a_change_set_that_nobody_executed_is_in_nobodys_way(machine):
    machine.cloud.stacks["cluster"] = {"status": "REVIEW_IN_PROGRESS", "exports": {}, "given": {}, "resources": ""}
    deployed(machine)


def test_a_dry_deploy_prints_the_whole_plan(machine):
    plan = machine.run("deploy", "--dry-run").stdout
    for stack in STACKS:
        assert f"--stack-name xkcdapp-trial-{stack} " in plan, stack
    for step in ("docker build", "docker push", "ssm put-parameter", "ecs run-task", "ecs describe-services"):
        assert step in plan, step
    order = [plan.index(step) for step in ("docker push", "xkcdapp-trial-data", "ecs run-task", "xkcdapp-trial-service ")]
    assert order == sorted(order)


def test_somebody_whom_aws_does_not_know_is_told_what_to_do(machine):
    machine.cloud.sts_get_caller_identity = lambda options: (_ for _ in ()).throw(__import__("cloud").Refused("ExpiredToken"))
    refused(machine.run("deploy"), "AWS does not know who you are", "aws sso login")
