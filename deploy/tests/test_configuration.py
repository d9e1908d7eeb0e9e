"""What is refused before AWS is asked anything."""

import pytest
from steps import refused
from template import FILLED_IN, HTTPS
from test_parameters import TOGGLES


@pytest.mark.parametrize(
    "values, said",
    [
        ({"Colour": "blue"}, "no template has a parameter Colour"),
        ({"Region": ""}, "Region is missing"),
        ({"CertificateArn": HTTPS["CertificateArn"]}, "CertificateArn needs DomainName"),
        ({"CertificateArn": "arn:x"}, "CertificateArn: \"arn:x\" is not of the form"),
        ({"HostedZoneId": "Z0123456789"}, "HostedZoneId needs DomainName"),
        ({"Egress": "public"}, "is none of nat nat-per-zone endpoints"),
        ({"TlsPolicy": "ELBSecurityPolicy-2016-08"}, "is none of"),
        ({"DatabaseClass": "t4g"}, "is not of the form"),
        ({"MinTasks": "0"}, "is not a number from 1 on"),
        ({"MinTasks": "two"}, "is not a number from 1 on"),
        ({"MinTasks": "5", "MaxTasks": "4"}, "MinTasks is more than MaxTasks"),
        ({"DatabaseStorage": "100", "DatabaseMaxStorage": "109"}, "a tenth more than DatabaseStorage, 100"),
        ({"DatabaseStorage": "100"}, "a tenth more than DatabaseStorage, 100"),
        ({"ShutdownSeconds": "115"}, "is more than 110"),
        ({"Memory": "3"}, "is none of"),
        ({"Cpu": "256", "Memory": "4096"}, "from 512 to 2048 of Memory, not 4096"),
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
    for wrong in ("Not-A-Name", "a-", "a--b", "a-name-that-is-too-long"):
        machine.environment = wrong
        refused(machine.run("deploy"), "an environment is named by", code=2)


@pytest.mark.parametrize("name", ["demo", "production"])
def test_the_configurations_of_the_repository_are_fit(machine, name):
    machine.environment = name
    assert machine.run("deploy", "--dry-run").returncode == 0, machine.output


def test_every_parameter_that_may_be_said_may_be_said(machine):
    """What the script makes of the templates' rules is what CloudFormation does: it takes what test_parameters gives."""
    others = {name: other for name, (other, _, _) in TOGGLES.items() if name not in FILLED_IN}
    text = "".join(f"{name}={value}\n" for name, value in {"Region": "eu-central-1", **others}.items())
    (machine.deploy / "environments" / "trial.conf").write_text(text)
    assert machine.run("status", "--dry-run").returncode == 0, machine.output
