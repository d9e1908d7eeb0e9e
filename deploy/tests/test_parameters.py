"""Each parameter, changed once: what it changes, and that every property still holds."""

import network_properties
import pytest
import service_properties
import whole_properties
from properties import of_type, step
from template import FILLED_IN, HANDED_ON, HTTPS, STACKS, TemplateError, load_all, profile, resolve_all

TEMPLATES = load_all()


def at(stack, path):
    def look(stacks):
        place = stacks[stack].resources
        for name in path.split("."):
            place = step(place, name)
        return place

    return look


def count(kind):
    return lambda stacks: len(of_type(stacks, kind))


BOX = "XKCDAppTaskDefinition.ContainerDefinitions.0"
# Parameter -> its other value, where to look, what is there then. What is there without it has to differ.
TOGGLES = {
    "Zones": ("3", count("AWS::EC2::Subnet"), 6),
    "Egress": ("endpoints", count("AWS::EC2::VPCEndpoint"), 5),
    "CertificateArn": (HTTPS["CertificateArn"], count("AWS::ElasticLoadBalancingV2::Listener"), 2),
    "DomainName": ("other.example.org", lambda stacks: stacks["load-balancer"].outputs["PublicUrl"], "https://other.example.org"),
    "HostedZoneId": ("Z0123456789", count("AWS::Route53::RecordSet"), 1),
    "TlsPolicy": ("ELBSecurityPolicy-TLS13-1-3-2021-06", at("load-balancer", "HttpsListener.SslPolicy"), "ELBSecurityPolicy-TLS13-1-3-2021-06"),
    "DeletionProtection": ("true", at("data", "XKCDAppDatabase.DeletionProtection"), "true"),
    "ShutdownSeconds": ("45", at("task", f"{BOX}.Environment.XKCDAPP_SHUTDOWN_SECONDS.Value"), 45),
    "LogDays": ("365", at("cluster", "XKCDAppLogGroup.RetentionInDays"), 365),
    "ContainerInsights": ("enhanced", at("cluster", "XKCDAppCluster.ClusterSettings.0.Value"), "enhanced"),
    "AlarmEmail": ("ops@example.org", count("AWS::SNS::Subscription"), 1),
    "DatabaseClass": ("db.m7g.large", at("data", "XKCDAppDatabase.DBInstanceClass"), "db.m7g.large"),
    "DatabaseStorage": ("50", at("data", "XKCDAppDatabase.AllocatedStorage"), 50),
    "DatabaseMaxStorage": ("500", at("data", "XKCDAppDatabase.MaxAllocatedStorage"), 500),
    "DatabaseMultiZone": ("true", at("data", "XKCDAppDatabase.MultiAZ"), "true"),
    "DatabaseBackupDays": ("35", at("data", "XKCDAppDatabase.BackupRetentionPeriod"), 35),
    "DatabasePasswordVersion": ("9", at("data", "XKCDAppDatabase.MasterUserPassword"), "{{resolve:ssm-secure:/xkcdapp/demo/DATABASE_PASSWORD:9}}"),
    "RedisTokenVersion": ("9", at("data", "XKCDAppRedis.AuthToken"), "{{resolve:ssm-secure:/xkcdapp/demo/ELASTICACHE_AUTH_TOKEN:9}}"),
    "RedisNodeType": ("cache.m7g.large", at("data", "XKCDAppRedis.CacheNodeType"), "cache.m7g.large"),
    "RedisReplica": ("true", at("data", "XKCDAppRedis.NumCacheClusters"), 2),
    "ImageTag": ("fedcba987654", at("task", f"{BOX}.Image"), "{cluster.XKCDAppRepository.RepositoryUri}:fedcba987654"),
    "Architecture": ("ARM64", at("task", "XKCDAppTaskDefinition.RuntimePlatform.CpuArchitecture"), "ARM64"),
    "Cpu": ("1024", at("task", "XKCDAppTaskDefinition.Cpu"), "1024"),
    "Memory": ("2048", at("task", "XKCDAppTaskDefinition.Memory"), "2048"),
    "Comics": ("built-in", at("task", f"{BOX}.Environment.XKCDAPP_COMICS.Value"), "built-in"),
    "LogFilter": ("debug", at("task", f"{BOX}.Environment.XKCDAPP_LOG.Value"), "debug"),
    "TaskDefinitionArn": (FILLED_IN["TaskDefinitionArn"] + "7", at("service", "XKCDAppClusterService.TaskDefinition"), FILLED_IN["TaskDefinitionArn"] + "7"),
    "MinTasks": ("3", at("service", "ScalableTarget.MinCapacity"), 3),
    "MaxTasks": ("50", at("service", "ScalableTarget.MaxCapacity"), 50),
    "RequestsPerTask": ("12345", at("service", "ScaleOnRequests.TargetTrackingScalingPolicyConfiguration.TargetValue"), 12345),
    "CpuPercent": ("40", at("service", "ScaleOnCpu.TargetTrackingScalingPolicyConfiguration.TargetValue"), 40),
    "LatencyAlarmSeconds": ("0.5", at("service", "LatencyAlarm.Threshold"), 0.5),
}
# These mean something only beside others.
WITH = {
    "CertificateArn": {"DomainName": HTTPS["DomainName"]},
    "DomainName": HTTPS,
    "HostedZoneId": HTTPS,
    "TlsPolicy": HTTPS,
}
ABOUT_THE_VALUE = {
    "ImageTag": ("the image is the one of the commit",),
    "DatabasePasswordVersion": ("passwords are references into the Parameter Store, of the version that was told",),
    "RedisTokenVersion": ("passwords are references into the Parameter Store, of the version that was told",),
}


def given(name):
    return {**profile("demo"), **WITH.get(name, {})}


@pytest.mark.parametrize("name", TOGGLES)
def test_a_parameter_does_what_it_says_and_nothing_that_must_not_be(name):
    other, look, expected = TOGGLES[name]
    before, after = resolve_all(TEMPLATES, given(name)), resolve_all(TEMPLATES, {**given(name), name: other})
    assert look(after) == expected
    assert look(before) != expected
    has_https = "HttpsListener" in after["load-balancer"].resources
    common = network_properties.PROPERTIES + service_properties.PROPERTIES + whole_properties.PROPERTIES
    for each in common + whole_properties.PRIVATE_ONLY:
        # Some are about the very value that was filled in, which is another one here.
        if each.title not in ABOUT_THE_VALUE.get(name, ()):
            each.holds(after)
    if name != "DomainName":
        for each in network_properties.HTTPS_ONLY if has_https else network_properties.HTTP_ONLY:
            each.holds(after)


def test_no_parameter_is_left_out():
    assert set(TOGGLES) | {"Environment", *HANDED_ON} == {name for stack in STACKS for name in TEMPLATES[stack]["Parameters"]}


def test_every_parameter_is_described_and_has_a_default_unless_it_is_filled_in():
    for stack in STACKS:
        for name, parameter in TEMPLATES[stack]["Parameters"].items():
            assert len(parameter["Description"]) > 15, name
            assert ("Default" in parameter) == (name not in {"Environment", *FILLED_IN, *HANDED_ON}), name


def test_a_parameter_of_several_stacks_is_the_same_in_each():
    seen = {}
    for stack in STACKS:
        for name, parameter in TEMPLATES[stack]["Parameters"].items():
            allowed = {key: item for key, item in parameter.items() if key != "Description"}
            assert seen.setdefault(name, allowed) == allowed, name


@pytest.mark.parametrize(
    "wrong",
    [
        {"Zones": "1"},
        {"Environment": "Demo"},
        {"Environment": "demo-"},
        {"Environment": "a-name-that-is-too-long"},
        {"Egress": "public"},
        {"ShutdownSeconds": "115"},
        {"CertificateArn": HTTPS["CertificateArn"]},
        {"CertificateArn": "my-certificate", "DomainName": "a.example.org"},
        {"HostedZoneId": "Z0123456789"},
        {"DatabaseBackupDays": "0"},
        {"MinTasks": "0"},
        {"CpuPercent": "100"},
    ],
    ids=str,
)
def test_what_can_not_be_meant_is_refused(wrong):
    with pytest.raises(TemplateError):
        resolve_all(TEMPLATES, {**profile("demo"), **wrong})
