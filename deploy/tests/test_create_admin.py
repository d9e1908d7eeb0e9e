"""deploy/create-admin, as an operator uses it: the account, its password, and what is left of it."""

import signal

import pytest
from steps import parameters, refused

PASSWORD = "/xkcdapp/trial/XKCDAPP_ADMIN_PASSWORD"


class App:
    """What the container does when it is started with a verb: reads its parameters, and keeps accounts."""

    def __init__(self, machine):
        self.machine, self.accounts = machine, {}
        machine.cloud.run_hook = self.run

    def run(self, task):
        verb, no_input = task["override"]["command"]
        assert no_input == "--no-input"
        (given,) = task["override"]["environment"]
        assert given["name"] == "XKCDAPP_ADMIN_USERNAME"
        kind, password = parameters(self.machine)[PASSWORD]
        assert kind == "SecureString" and len(password) >= 12
        wanted = {"create-admin": False, "change-password": True}[verb]
        fits = (given["value"] in self.accounts) is wanted
        self.machine.cloud.exit_code = 0 if fits else 1
        if fits:
            self.accounts[given["value"]] = password


@pytest.fixture
def app(machine, service):
    return App(machine)


def test_an_operator_makes_an_account_and_later_another_password(machine, app):
    made = machine.run("create-admin", "randall")
    assert made.returncode == 0, machine.output
    assert app.accounts == {"randall": made.stdout.strip()} and len(made.stdout.strip()) == 64
    assert "sign in at http://" in made.stderr and "/admin/" in made.stderr
    assert PASSWORD not in parameters(machine)

    again = machine.run("create-admin", "randall")
    refused(again, "exit code 1", "--reset")
    assert again.stdout == "" and app.accounts == {"randall": made.stdout.strip()}
    assert PASSWORD not in parameters(machine)

    reset = machine.run("create-admin", "randall", "--reset")
    assert reset.returncode == 0, machine.output
    assert app.accounts == {"randall": reset.stdout.strip()} != {"randall": made.stdout.strip()}
    refused(machine.run("create-admin", "nobody", "--reset"), "exit code 1")

    assert PASSWORD not in parameters(machine) and machine.files_left() == []
    for password in (made.stdout.strip(), reset.stdout.strip()):
        assert password not in machine.arguments() + made.stderr + reset.stderr


def test_the_first_account_is_called_admin_and_runs_the_deployed_image_inside_the_network(machine, app):
    assert machine.run("create-admin").returncode == 0, machine.output
    assert list(app.accounts) == ["admin"]
    task = machine.cloud.tasks[-1]
    assert task["definition"].endswith("XKCDAppTaskDefinition-trial:1")
    assert "{network.PrivateSubnet1}" in task["network"] and "assignPublicIp=DISABLED" in task["network"]


@pytest.mark.parametrize("certificate", [False, True])
def test_an_operator_is_told_that_plain_http_keeps_the_admin_closed(machine, app, certificate):
    if certificate:
        machine.configure(CertificateArn="arn:aws:acm:eu-central-1:123456789012:certificate/0a", DomainName="a.example.org")
    assert ("stays closed" in machine.run("create-admin").stderr) is not certificate


def test_a_password_of_a_run_that_was_cut_off_is_overwritten_and_deleted(machine, app):
    machine.cloud.put(PASSWORD, "left from a power cut")
    assert machine.run("create-admin").returncode == 0, machine.output
    assert app.accounts["admin"] != "left from a power cut" and PASSWORD not in parameters(machine)


def test_the_password_is_deleted_also_when_the_task_fails(machine, service):
    machine.cloud.exit_code = 1
    ended = machine.run("create-admin")
    refused(ended, "exit code 1")
    assert ended.stdout == "" and PASSWORD not in parameters(machine)


def test_the_password_is_deleted_also_when_the_operator_stops_it(machine, service):
    machine.cloud.never_done = True
    machine.cloud.run_hook = lambda task: machine.process.send_signal(signal.SIGTERM)
    ended = machine.run("create-admin")
    assert ended.returncode == 143 and ended.stdout == "", machine.output
    assert PASSWORD not in parameters(machine)


def test_a_password_that_is_not_deleted_would_stay(machine, service):
    machine.change("create-admin", "trap remove_password EXIT", "true")
    assert machine.run("create-admin").returncode == 0
    assert PASSWORD in parameters(machine)


def test_before_the_first_deployment_it_says_what_to_do(machine):
    refused(machine.run("create-admin"), "run deploy/deploy trial")
    assert parameters(machine) == {}


def test_a_name_is_not_taken_for_json(machine, service):
    for wrong in ('a"b', "a b", "a\\", ""):
        refused(machine.run("create-admin", wrong), "not a name", code=2)
