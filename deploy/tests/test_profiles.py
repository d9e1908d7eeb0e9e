"""What somebody gets who says nothing, and what demo.conf and production.conf say."""

import pytest
from properties import of_type
from template import DEPLOY, STACKS, configuration, load_all, profile, resolve_all

TEMPLATES = load_all()
# Small, closed and kept: a default that changes changes every environment that does not say otherwise.
DEFAULTS = {
    "Zones": "2",
    "Egress": "nat",
    "CertificateArn": "",
    "DomainName": "",
    "HostedZoneId": "",
    "TlsPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "DeletionProtection": "true",
    "ShutdownSeconds": 20,
    "LogDays": 30,
    "ContainerInsights": "disabled",
    "AlarmEmail": "",
    "DatabaseClass": "db.t4g.micro",
    "DatabaseStorage": 20,
    "DatabaseMaxStorage": 100,
    "DatabaseMultiZone": "false",
    "DatabaseBackupDays": 7,
    "RedisNodeType": "cache.t4g.micro",
    "RedisReplica": "false",
    "Architecture": "X86_64",
    "Cpu": "256",
    "Memory": "512",
    "Comics": "xkcd",
    "LogFilter": "info",
    "MinTasks": 2,
    "MaxTasks": 6,
    "RequestsPerTask": 30000,
    "CpuPercent": 60,
    "LatencyAlarmSeconds": 1,
}


def test_the_defaults_are_small_closed_and_kept():
    every = [(name, it) for stack in STACKS for name, it in TEMPLATES[stack]["Parameters"].items() if "Default" in it]
    assert {name: it["Default"] for name, it in every} == DEFAULTS


def test_no_policy_of_old_tls_can_be_chosen():
    allowed = TEMPLATES["load-balancer"]["Parameters"]["TlsPolicy"]["AllowedValues"]
    assert allowed and all(name.startswith(("ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-")) for name in allowed)


@pytest.mark.parametrize("name", ["demo", "production"])
def test_configurations_name_parameters_that_there_are(name):
    assert set(configuration(name)) <= set(DEFAULTS)
    assert "Region=eu-central-1\n" in (DEPLOY / "environments" / f"{name}.conf").read_text()


def resources(name):
    stacks = resolve_all(TEMPLATES, profile(name))
    return stacks, {each: resource["Properties"] for stack in stacks.values() for each, resource in stack.resources.items()}


def test_production_survives_a_zone_and_a_slip_and_can_be_looked_into():
    stacks, found = resources("production")
    database, redis = found["XKCDAppDatabase"], found["XKCDAppRedis"]
    assert (database["MultiAZ"], database["DeletionProtection"]) == ("true", "true")
    assert database["BackupRetentionPeriod"] >= 14
    assert redis["NumCacheClusters"] == 2
    assert found["ScalableTarget"]["MinCapacity"] >= 2
    assert len(of_type(stacks, "AWS::EC2::NatGateway")) == 3 and len(of_type(stacks, "AWS::EC2::Subnet")) == 6
    assert found["XKCDAppLogGroup"]["RetentionInDays"] >= 90
    assert found["XKCDAppCluster"]["ClusterSettings"] == [{"Name": "containerInsights", "Value": "enabled"}]


def test_a_demo_is_cheap_and_can_be_taken_down():
    stacks, found = resources("demo")
    assert found["XKCDAppDatabase"]["DeletionProtection"] == "false"
    assert len(of_type(stacks, "AWS::EC2::NatGateway")) == 1 and found["ScalableTarget"]["MinCapacity"] == 1
    assert found["XKCDAppDatabase"]["MultiAZ"] == "false" and found["XKCDAppRedis"]["NumCacheClusters"] == 1


def test_alarms_are_told_by_mail_to_whom_the_configuration_names():
    stacks = resolve_all(TEMPLATES, {**profile("production"), "AlarmEmail": "ops@example.org"})
    told = stacks["cluster"].resources["AlarmSubscription"]["Properties"]
    assert told == {"TopicArn": "{cluster.XKCDAppAlarms}", "Protocol": "email", "Endpoint": "ops@example.org"}
