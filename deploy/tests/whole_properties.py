"""What the resources are as a whole: which there are, and what they are besides what the other properties are about."""

import json

from properties import add, attributes, of_type, put, remove, rule, settings, value
from service_properties import BOX, DATABASE, EXECUTION, REDIS, SERVICE, TASK, container

LB, TARGETS = "load-balancer", "XKCDAppClusterServiceTargetGroup"

# A resource of any other kind could open what the other properties hold closed.
KINDS = {
    "cluster": {"ECR::Repository", "ECS::Cluster", "Logs::LogGroup", "IAM::Role", "SNS::Topic", "SNS::Subscription"},
    "network": {
        "EC2::VPC", "EC2::InternetGateway", "EC2::VPCGatewayAttachment", "EC2::Subnet", "EC2::RouteTable", "EC2::Route",
        "EC2::SubnetRouteTableAssociation", "EC2::EIP", "EC2::NatGateway", "EC2::VPCEndpoint", "EC2::SecurityGroup",
        "EC2::SecurityGroupIngress",
    },
    LB: {
        "ElasticLoadBalancingV2::LoadBalancer", "ElasticLoadBalancingV2::Listener", "ElasticLoadBalancingV2::TargetGroup",
        "Route53::RecordSet",
    },
    "data": {
        "RDS::DBInstance", "RDS::DBParameterGroup", "RDS::DBSubnetGroup", "ElastiCache::ReplicationGroup",
        "ElastiCache::ParameterGroup", "ElastiCache::SubnetGroup", "CloudWatch::Alarm",
    },
    "task": {"ECS::TaskDefinition"},
    "service": {
        "ECS::Service", "ApplicationAutoScaling::ScalableTarget", "ApplicationAutoScaling::ScalingPolicy", "CloudWatch::Alarm",
        "Logs::MetricFilter",
    },
}
# Of these there is one, with or without whatever is a parameter.
SINGLE = {
    "ECR::Repository", "ECS::Cluster", "Logs::LogGroup", "EC2::VPC", "EC2::InternetGateway", "ElasticLoadBalancingV2::LoadBalancer",
    "ElasticLoadBalancingV2::TargetGroup", "RDS::DBInstance", "ElastiCache::ReplicationGroup", "ECS::TaskDefinition", "ECS::Service",
}


@rule(
    "there are these kinds of resources and no others",
    add("cluster", "AWS::IAM::Policy", {"Roles": [{"Ref": "XKCDAppECSTaskRole"}]}),
    add("cluster", "AWS::SNS::TopicPolicy"),
    add("network", "AWS::EC2::VPCPeeringConnection"),
    add(LB, "AWS::ElasticLoadBalancingV2::ListenerRule"),
    add("data", "AWS::RDS::DBInstance", {"PubliclyAccessible": True}),
)
def kinds(stacks):
    for stack, resolved in stacks.items():
        found = [resource["Type"].removeprefix("AWS::") for resource in resolved.resources.values()]
        assert set(found) <= KINDS[stack], set(found) - KINDS[stack]
        assert [kind for kind in SINGLE & KINDS[stack] if found.count(kind) != 1] == []


ROLES = ("XKCDAppECSTaskRole", EXECUTION)


@rule(
    "a role is taken by ECS for a task of this account and region, and is nothing else",
    *(put("cluster", f"{role}.AssumeRolePolicyDocument.Statement.0.Action", "sts:*") for role in ROLES),
    remove("cluster", f"{EXECUTION}.AssumeRolePolicyDocument.Statement.0.Condition.ArnLike"),
    put("cluster", f"{EXECUTION}.PermissionsBoundary", "arn:other"),
)
def roles(stacks):
    found = of_type(stacks, "AWS::IAM::Role")
    assert {name for _, name, _ in found} == set(ROLES)
    for _, name, role in found:
        assert set(role["Properties"]) == {"AssumeRolePolicyDocument", "Policies"}, name
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole"), name
        assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:ecs:eu-central-1:123456789012:*"}, name


@rule(
    "the repository is nobody else's, goes with its stack, and forgets old images of every kind",
    put("cluster", "XKCDAppRepository.RepositoryPolicyText", {"Statement": []}),
    put("cluster", "XKCDAppRepository.EmptyOnDelete", False),
    put("cluster", "XKCDAppRepository.LifecyclePolicy.LifecyclePolicyText",
        '{"rules": [{"selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan"}}]}'),
)
def repository(stacks):
    properties = stacks["cluster"].resources["XKCDAppRepository"]["Properties"]
    assert "RepositoryPolicyText" not in properties and properties["EmptyOnDelete"] is True
    (only,) = json.loads(properties["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert (only["selection"]["tagStatus"], only["selection"]["countType"]) == ("any", "imageCountMoreThan")


@rule(
    "the container is nothing but what is written of it: not privileged, no command of its own, no volume, no secret",
    put("task", f"{BOX}.Privileged", True),
    put("task", f"{BOX}.EntryPoint", ["sh", "-c"]),
    put("task", f"{BOX}.MountPoints", [{"SourceVolume": "x", "ContainerPath": "/"}]),
    put("task", f"{TASK}.Volumes", [{"Name": "x"}]),
    remove("task", f"{BOX}.HealthCheck"),
)
def container_keys(stacks):
    assert set(container(stacks)) == {
        "Name", "Image", "Essential", "User", "ReadonlyRootFilesystem", "LinuxParameters", "Ulimits", "PortMappings",
        "HealthCheck", "StopTimeout", "LogConfiguration", "Environment",
    }
    assert set(stacks["task"].resources[TASK]["Properties"]) == {
        "Family", "RequiresCompatibilities", "NetworkMode", "RuntimePlatform", "Cpu", "Memory", "ExecutionRoleArn",
        "TaskRoleArn", "ContainerDefinitions",
    }


@rule(
    "names carry the environment's, so that several live beside each other",
    put(LB, "XKCDAppELB.Name", "XKCDAppELB"),
    put("task", f"{TASK}.Family", "XKCDAppTaskDefinition"),
    put("cluster", "XKCDAppCluster.ClusterName", "xkcdapp"),
    put("cluster", "XKCDAppRepository.RepositoryName", "xkcdapp"),
)
def names(stacks):
    environment = attributes(container(stacks)["Environment"])["XKCDAPP_SSM_PREFIX"].split("/")[2]
    cluster = stacks["cluster"].resources
    assert stacks[LB].resources["XKCDAppELB"]["Properties"]["Name"] == f"XKCDAppELB-{environment}"
    assert stacks["task"].resources[TASK]["Properties"]["Family"] == f"XKCDAppTaskDefinition-{environment}"
    assert cluster["XKCDAppCluster"]["Properties"]["ClusterName"] == f"xkcdapp-{environment}"
    assert cluster["XKCDAppRepository"]["Properties"]["RepositoryName"] == f"xkcdapp-{environment}"


@rule(
    "load balancer and database refuse to be deleted, or are not in the way, together",
    put(LB, "XKCDAppELB.LoadBalancerAttributes.0.Value", "another"),
    put("data", f"{DATABASE}.DeletionProtection", "another"),
)
def protection(stacks):
    balancer = attributes(stacks[LB].resources["XKCDAppELB"]["Properties"]["LoadBalancerAttributes"])["deletion_protection.enabled"]
    assert balancer == stacks["data"].resources[DATABASE]["Properties"]["DeletionProtection"] in ("true", "false")


@rule(
    "no subnet gives out public addresses, and the ways out stand where there is a way in",
    put("network", "PrivateSubnet1.MapPublicIpOnLaunch", True),
    put("network", "Nat1.SubnetId", {"Ref": "PrivateSubnet1"}),
    put("network", "InternetGatewayAttachment.InternetGatewayId", "another"),
    remove("network", "InternetGatewayAttachment"),
)
def addresses(stacks):
    assert not any(subnet["Properties"].get("MapPublicIpOnLaunch") for _, _, subnet in of_type(stacks, "AWS::EC2::Subnet"))
    for _, name, gateway in of_type(stacks, "AWS::EC2::NatGateway"):
        assert gateway["Properties"]["SubnetId"] == f"{{network.PublicSubnet{name[-1]}}}", name
        assert gateway["Properties"]["AllocationId"] == f"{{network.{name}Address.AllocationId}}", name
    attached = stacks["network"].resources["InternetGatewayAttachment"]["Properties"]
    assert attached == {"VpcId": "{network.XKCDAppVPC}", "InternetGatewayId": "{network.InternetGateway}"}


@rule(
    "with endpoints each API that a task needs has one, in every private subnet, under its own name",
    put("network", "SsmEndpoint.PrivateDnsEnabled", False),
    put("network", "LogsEndpoint.ServiceName", {"Fn::Sub": "com.amazonaws.${AWS::Region}.events"}),
    put("network", "EcrApiEndpoint.SubnetIds", [{"Ref": "PrivateSubnet1"}]),
    put("network", "EcrDkrEndpoint.SecurityGroupIds", ["sg-another"]),
    remove("network", "EcrApiEndpoint"),
)
def endpoints(stacks):
    every = [endpoint["Properties"] for _, _, endpoint in of_type(stacks, "AWS::EC2::VPCEndpoint")]
    found = {each["ServiceName"].split(".", 3)[3]: each for each in every if each["VpcEndpointType"] == "Interface"}
    assert set(found) == ({"ecr.api", "ecr.dkr", "ssm", "logs"} if "EndpointSecurityGroup" in stacks["network"].resources else set())
    for name, each in found.items():
        assert each["PrivateDnsEnabled"] is True and each["SecurityGroupIds"] == ["{network.EndpointSecurityGroup}"], name
        assert ",".join(each["SubnetIds"]) == stacks["network"].outputs["PrivateSubnets"], name


@rule(
    "a domain points to the load balancer",
    put(LB, "DomainRecord.AliasTarget.DNSName", "example.org"),
    put(LB, "DomainRecord.Name", "example.org"),
    put(LB, "DomainRecord.HostedZoneId", "Z1"),
)
def domain(stacks):
    record = stacks[LB].resources["DomainRecord"]["Properties"]
    assert record["AliasTarget"]["DNSName"] == "{load-balancer.XKCDAppELB.DNSName}"
    assert record["AliasTarget"]["HostedZoneId"] == "{load-balancer.XKCDAppELB.CanonicalHostedZoneID}"
    assert (record["Name"], record["Type"], record["HostedZoneId"]) == ("xkcd.example.org", "A", "Z0123456789")


# Metric -> namespace, statistic, seconds, how many of how many, what no data means.
TIMES = {
    "HTTPCode_Target_5XX_Count": ("AWS/ApplicationELB", "Sum", 60, 3, 5, "notBreaching"),
    "HTTPCode_ELB_5XX_Count": ("AWS/ApplicationELB", "Sum", 60, 3, 5, "notBreaching"),
    "UnHealthyHostCount": ("AWS/ApplicationELB", "Maximum", 60, 5, 5, "notBreaching"),
    "TargetResponseTime": ("AWS/ApplicationELB", "p99", 60, 3, 5, "notBreaching"),
    "PendingViews": ("XKCDApp", "Maximum", 120, 3, 3, "notBreaching"),
    "UnwrittenViews": ("XKCDApp", "Sum", 60, 1, 1, "notBreaching"),
    "FreeStorageSpace": ("AWS/RDS", "Minimum", 300, 3, 3, "missing"),
    "CPUUtilization": ("AWS/RDS", "Average", 300, 3, 3, "missing"),
    "DatabaseMemoryUsagePercentage": ("AWS/ElastiCache", "Maximum", 300, 3, 3, "missing"),
}
# Which an alarm of the kind has to have: without them it watches what nobody writes.
DIMENSIONS = {
    "AWS/ApplicationELB": {"LoadBalancer"},
    "AWS/RDS": {"DBInstanceIdentifier"},
    "AWS/ElastiCache": {"ReplicationGroupId"},
    "XKCDApp": set(),
}


@rule(
    "an alarm rings soon, of a metric that is written, and not when nothing happens",
    put("service", "TargetErrorAlarm.Period", 86400),
    put("service", "LoadBalancerErrorAlarm.EvaluationPeriods", 500),
    put("service", "UnhealthyTargetAlarm.TreatMissingData", "breaching"),
    put("service", "LatencyAlarm.ExtendedStatistic", "p1"),
    put("service", "TargetErrorAlarm.Statistic", "Minimum"),
    put("service", "TargetErrorAlarm.Namespace", "AWS/NetworkELB"),
    put("service", "LatencyAlarm.Dimensions", []),
    put("data", "DatabaseCpuAlarm.Dimensions", []),
    put("data", "RedisMemoryAlarm.OKActions", []),
)
def times(stacks):
    found = {}
    for _, name, alarm in of_type(stacks, "AWS::CloudWatch::Alarm"):
        properties = alarm["Properties"]
        metric, namespace = properties["MetricName"].split("-")[0], properties["Namespace"]
        periods = properties["EvaluationPeriods"]
        found[metric] = (
            namespace, properties.get("Statistic") or properties["ExtendedStatistic"], properties["Period"],
            properties.get("DatapointsToAlarm", periods), periods, properties["TreatMissingData"],
        )
        dimensions = {each["Name"] for each in properties.get("Dimensions", [])}
        assert dimensions - {"TargetGroup"} == DIMENSIONS[namespace], name
        # What can't be undone has no end to tell of.
        assert properties.get("OKActions") == (None if metric == "UnwrittenViews" else properties["AlarmActions"]), name
    assert found == TIMES


POLICIES = "TargetTrackingScalingPolicyConfiguration"
HEALTH = {"HealthCheckProtocol": "HTTP", "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 5}
THRESHOLDS = {"HealthyThresholdCount": 2, "UnhealthyThresholdCount": 3}

PROPERTIES = [
    kinds, roles, repository, container_keys, names, protection, times,
    value("the log outlives a group that replaces it", "cluster", "XKCDAppLogGroup.UpdateReplacePolicy", "Retain", "Delete"),
    settings("names are resolved inside the network", "network", "XKCDAppVPC", {"EnableDnsHostnames": True, "EnableDnsSupport": True}),
    settings("the load balancer speaks HTTP, and so do the tasks behind it", LB, "XKCDAppELB", {"Type": "application"}),
    settings("a task is asked for its health every few seconds", LB, TARGETS, {"Protocol": "HTTP", **HEALTH, **THRESHOLDS}),
    value("a visitor is nobody's in particular", LB, f"{TARGETS}.TargetGroupAttributes.1", {"Key": "stickiness.enabled", "Value": "false"},
          {"Key": "stickiness.enabled", "Value": "true"}),
    settings("the database is the PostgreSQL that the app is made for", "data", DATABASE,
             {"Engine": "postgres", "EngineVersion": "18", "DBName": "xkcdapp", "MasterUsername": "xkcdapp", "StorageType": "gp3"}),
    settings("backups outlive the database, and say whose they were", "data", DATABASE, {"DeleteAutomatedBackups": False, "CopyTagsToSnapshot": True}),
    settings("its parameters are of its version", "data", "DatabaseParameters", {"Family": "postgres18"}),
    settings("Redis is the one that the app is made for", "data", REDIS, {"Engine": "redis", "EngineVersion": "7.1"}),
    settings("its parameters are of its version, too", "data", "RedisParameters", {"CacheParameterGroupFamily": "redis7"}),
    settings("the container decides over its task", "task", BOX, {"Essential": True}),
    settings("the container is asked for its health every few seconds", "task", f"{BOX}.HealthCheck",
             {"Interval": 10, "Timeout": 5, "Retries": 3, "StartPeriod": 10}),
    settings("ten thousand visitors do not use up the descriptors", "task", BOX, {"Ulimits": [{"Name": "nofile", "SoftLimit": 65536, "HardLimit": 65536}]}),
    settings("the container's one port is TCP", "task", BOX, {"PortMappings": [{"ContainerPort": 8000, "Protocol": "tcp"}]}),
    settings("a task is Linux", "task", f"{TASK}.RuntimePlatform", {"OperatingSystemFamily": "LINUX"}),
    settings("deploy/deploy finds a task's log by its name", "task", f"{BOX}.LogConfiguration.Options",
             {"awslogs-region": "eu-central-1", "awslogs-stream-prefix": "xkcdapp"}),
    settings("the service is Fargate's newest, spread over the zones, given time to begin", "service", SERVICE,
             {"LaunchType": "FARGATE", "PlatformVersion": "LATEST", "AvailabilityZoneRebalancing": "ENABLED", "HealthCheckGracePeriodSeconds": 30}),
    settings("tasks come soon and go slowly", "service", f"ScaleOnRequests.{POLICIES}", {"ScaleOutCooldown": 60, "ScaleInCooldown": 300}),
    settings("by CPU, too", "service", f"ScaleOnCpu.{POLICIES}", {"ScaleOutCooldown": 60, "ScaleInCooldown": 300}),
]
# Each in a profile that has what it is about.
NAT_ONLY = [addresses]
PRIVATE_ONLY = [endpoints]
DOMAIN_ONLY = [domain]
