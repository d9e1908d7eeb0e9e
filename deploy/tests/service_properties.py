"""What is kept, what runs, who may do what, and what is watched."""

import json

from properties import REMOVED, attributes, of_type, put, remove, rule, value

TASK = "XKCDAppTaskDefinition"
BOX = f"{TASK}.ContainerDefinitions.0"
SERVICE = "XKCDAppClusterService"
DATABASE, REDIS = "XKCDAppDatabase", "XKCDAppRedis"

DATA = [
    value("the database is encrypted", "data", f"{DATABASE}.StorageEncrypted", True, False, REMOVED),
    value("the database has no public address", "data", f"{DATABASE}.PubliclyAccessible", False, True, REMOVED),
    value("a snapshot is left when the database is deleted", "data", f"{DATABASE}.DeletionPolicy", "Snapshot", "Delete"),
    value("a snapshot is left when the database is replaced", "data", f"{DATABASE}.UpdateReplacePolicy", "Snapshot", "Delete"),
    value("PostgreSQL refuses connections without TLS", "data", "DatabaseParameters.Parameters", {"rds.force_ssl": "1"}, {"rds.force_ssl": "0"}, {}),
    value("the database has these parameters", "data", f"{DATABASE}.DBParameterGroupName", "{data.DatabaseParameters}", "default.postgres18", REMOVED),
    value("the database's log is exported", "data", f"{DATABASE}.EnableCloudwatchLogsExports", ["postgresql", "upgrade"], [], REMOVED),
    value("the database is reached on its usual port", "data", f"{DATABASE}.Port", "5432", "5433"),
    value("the database has its own group alone", "data", f"{DATABASE}.VPCSecurityGroups", ["{network.XKCDAppRDSSecurityGroup.GroupId}"],
          [{"Fn::ImportValue": {"Fn::Sub": "xkcdapp-${Environment}-task-group"}}]),
    value("the database is in the private subnets", "data", f"{DATABASE}.DBSubnetGroupName", "{data.DatabaseSubnets}", REMOVED),
    value("the database is given security patches", "data", f"{DATABASE}.AutoMinorVersionUpgrade", True, False),
    value("the database's certificate is of an authority in the app's bundle", "data", f"{DATABASE}.CACertificateIdentifier", "rds-ca-rsa2048-g1", "rds-ca-2019"),
    value("Redis is encrypted at rest", "data", f"{REDIS}.AtRestEncryptionEnabled", True, False, REMOVED),
    value("Redis is encrypted in transit", "data", f"{REDIS}.TransitEncryptionEnabled", True, False, REMOVED),
    value("Redis takes no connection without TLS", "data", f"{REDIS}.TransitEncryptionMode", "required", "preferred", REMOVED),
    value("a full Redis ends no session", "data", "RedisParameters.Properties.Properties", {"maxmemory-policy": "noeviction"}, {"maxmemory-policy": "allkeys-lru"}, {}),
    value("Redis has these parameters", "data", f"{REDIS}.CacheParameterGroupName", "{data.RedisParameters}", "default.redis7", REMOVED),
    value("Redis has its own group alone", "data", f"{REDIS}.SecurityGroupIds", ["{network.XKCDAppElastiCacheSecurityGroup.GroupId}"], REMOVED),
    value("Redis is in the private subnets", "data", f"{REDIS}.CacheSubnetGroupName", "{data.RedisSubnets}", REMOVED),
    value("Redis is reached on its usual port", "data", f"{REDIS}.Port", 6379, 6380),
]


@rule(
    "a Redis with a replica fails over to it",
    put("data", f"{REDIS}.AutomaticFailoverEnabled", {"Fn::If": ["Replica", False, True]}),
    put("data", f"{REDIS}.MultiAZEnabled", {"Fn::If": ["Replica", False, True]}),
)
def failover(stacks):
    redis = stacks["data"].resources[REDIS]["Properties"]
    assert redis["AutomaticFailoverEnabled"] is redis["MultiAZEnabled"] is (redis["NumCacheClusters"] == 2)


@rule(
    "passwords are references into the Parameter Store, of the version that was told",
    put("data", f"{DATABASE}.MasterUserPassword", "xkcdapp"),
    put("data", f"{REDIS}.AuthToken", "a-token-in-the-template"),
    remove("data", f"{REDIS}.AuthToken"),
    put("data", f"{DATABASE}.MasterUserPassword", {"Fn::Sub": "{{resolve:ssm:/xkcdapp/${Environment}/DATABASE_PASSWORD:3}}"}),
    put("data", f"{DATABASE}.MasterUserPassword", {"Fn::Sub": "{{resolve:ssm-secure:/xkcdapp/${Environment}/DATABASE_PASSWORD}}"}),
)
def references(stacks):
    resources, environment = stacks["data"].resources, environment_of(stacks)
    path = environment["XKCDAPP_SSM_PREFIX"]
    password = f"{{{{resolve:ssm-secure:{path}DATABASE_PASSWORD:3}}}}"
    token = f"{{{{resolve:ssm-secure:{path}ELASTICACHE_AUTH_TOKEN:2}}}}"
    assert resources[DATABASE]["Properties"]["MasterUserPassword"] == password
    assert resources[REDIS]["Properties"]["AuthToken"] == token


def container(stacks):
    (only,) = stacks["task"].resources[TASK]["Properties"]["ContainerDefinitions"]
    return only


def environment_of(stacks):
    return attributes(container(stacks)["Environment"])


EXECUTION = "XKCDAppECSTaskExecutionRole"

TASKS = [
    value("tasks run on Fargate", "task", f"{TASK}.RequiresCompatibilities", ["FARGATE"], ["EC2"]),
    value("each task has an address of its own", "task", f"{TASK}.NetworkMode", "awsvpc", "bridge"),
    value("the container has the name of the manual procedure", "task", f"{BOX}.Name", "XKCDAppContainer", "app"),
    value("the app runs as nobody", "task", f"{BOX}.User", "65532:65532", "0", "root", REMOVED),
    value("the app can't write to its file system", "task", f"{BOX}.ReadonlyRootFilesystem", True, False, REMOVED),
    value("the app has no capability", "task", f"{BOX}.LinuxParameters.Capabilities", {"Drop": ["ALL"]}, {"Add": ["SYS_PTRACE"]}, REMOVED),
    value("a process stands above the app that hands signals on", "task", f"{BOX}.LinuxParameters.InitProcessEnabled", True, False, REMOVED),
    value("the binary asks itself for its health", "task", f"{BOX}.HealthCheck.Command", ["CMD", "/xkcdapp", "healthcheck"],
          ["CMD-SHELL", "curl -f http://localhost:8000/"]),
    value("the image is the one of the commit", "task", f"{BOX}.Image", "{cluster.XKCDAppRepository.RepositoryUri}:0123456789ab",
          {"Fn::Sub": "nginx:${ImageTag}"}, {"Fn::Sub": ["${R}:latest", {"R": {"Fn::ImportValue": {"Fn::Sub": "xkcdapp-${Environment}-repository"}}}]}),
    value("earlier revisions stay for a rollback", "task", f"{TASK}.UpdateReplacePolicy", "Retain", "Delete"),
    value("earlier revisions stay for a rollback of the stack", "task", f"{TASK}.DeletionPolicy", "Retain", "Delete"),
    value("ECS has the role for pulling and logging", "task", f"{TASK}.ExecutionRoleArn", f"{{cluster.{EXECUTION}.Arn}}",
          {"Fn::ImportValue": {"Fn::Sub": "xkcdapp-${Environment}-task-role"}}),
    value("the app has the role for its parameters", "task", f"{TASK}.TaskRoleArn", "{cluster.XKCDAppECSTaskRole.Arn}",
          {"Fn::ImportValue": {"Fn::Sub": "xkcdapp-${Environment}-execution-role"}}),
    value("the log goes to the group of the environment", "task", f"{BOX}.LogConfiguration.Options.awslogs-group", "{cluster.XKCDAppLogGroup}", "/ecs/default"),
    value("the log goes to CloudWatch", "task", f"{BOX}.LogConfiguration.LogDriver", "awslogs", "json-file"),
]

SETTINGS = {
    "AWS_REGION": "eu-central-1",
    "XKCDAPP_LISTEN": "0.0.0.0:8000",
    "XKCDAPP_TRUSTED_PROXIES": "1",
    "XKCDAPP_STORE": "postgres",
    "XKCDAPP_DATABASE_TLS": "verify-full",
    "XKCDAPP_SESSIONS": "redis",
    "XKCDAPP_REDIS_TLS": "verify",
    "XKCDAPP_SECRETS": "ssm",
    "XKCDAPP_LOG_FORMAT": "json",
}
WRONG = {
    "AWS_REGION": "us-east-1",
    "XKCDAPP_LISTEN": "127.0.0.1:8000",
    "XKCDAPP_TRUSTED_PROXIES": "0",
    "XKCDAPP_STORE": "sqlite",
    "XKCDAPP_DATABASE_TLS": "disable",
    "XKCDAPP_SESSIONS": "sqlite",
    "XKCDAPP_REDIS_TLS": "disable",
    "XKCDAPP_SECRETS": "env",
    "XKCDAPP_LOG_FORMAT": "text",
}
TASKS += [
    value(f"{name} is {SETTINGS[name]}", "task", f"{BOX}.Environment.{name}.Value", SETTINGS[name], WRONG[name]) for name in SETTINGS
]


@rule(
    "the app knows its public URL and the path of its secrets, with both slashes",
    put("task", f"{BOX}.Environment.XKCDAPP_PUBLIC_URL.Value", "http://localhost:8000"),
    remove("task", f"{BOX}.Environment.XKCDAPP_PUBLIC_URL"),
    put("task", f"{BOX}.Environment.XKCDAPP_SSM_PREFIX.Value", {"Fn::Sub": "xkcdapp/${Environment}/"}),
    put("task", f"{BOX}.Environment.XKCDAPP_SSM_PREFIX.Value", "/xkcdapp/test/"),
)
def own_addresses(stacks):
    environment = environment_of(stacks)
    assert environment["XKCDAPP_PUBLIC_URL"] == stacks["load-balancer"].outputs["PublicUrl"]
    family = stacks["task"].resources[TASK]["Properties"]["Family"]
    name = family.removeprefix("XKCDAppTaskDefinition-")
    assert environment["XKCDAPP_SSM_PREFIX"] == f"/xkcdapp/{name}/"


@rule(
    "no secret is in the task definition, which many may read",
    put("task", f"{BOX}.Environment.XKCDAPP_LOG", {"Name": "DATABASE_PASSWORD", "Value": "x"}),
    put("task", f"{BOX}.Secrets", [{"Name": "SECRET_KEY", "ValueFrom": "x"}]),
)
def no_secret(stacks):
    assert not any(name for name in environment_of(stacks) if not name.startswith(("XKCDAPP_", "AWS_REGION")))
    assert "Secrets" not in container(stacks)


# (role, effect, action, resource) of every statement of every policy.
def grants(stacks):
    found = set()
    for _, name, role in of_type(stacks, "AWS::IAM::Role"):
        properties = role["Properties"]
        assert not properties.get("ManagedPolicyArns"), f"{name} has policies that are written elsewhere"
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert set(statement) == {"Effect", "Action", "Resource"}, statement
                for action in listed(statement["Action"]):
                    for resource in listed(statement["Resource"]):
                        found.add((name, statement["Effect"], action, resource))
    return found


def listed(value):
    return value if isinstance(value, list) else [value]


STATEMENT = "Policies.0.PolicyDocument.Statement"


@rule(
    "the roles may do exactly what they need: one pulls and logs, the other reads its own parameters",
    put("cluster", f"XKCDAppECSTaskRole.{STATEMENT}.0.Action", ["ssm:GetParametersByPath", "ssm:GetParameters", "ssm:PutParameter"]),
    put("cluster", f"XKCDAppECSTaskRole.{STATEMENT}.0.Action", "ssm:*"),
    put("cluster", f"XKCDAppECSTaskRole.{STATEMENT}.0.Resource", "*"),
    put("cluster", f"XKCDAppECSTaskRole.{STATEMENT}.0.Resource", {"Fn::Sub": "arn:aws:ssm:${AWS::Region}:${AWS::AccountId}:parameter/xkcdapp/*"}),
    put("cluster", f"{EXECUTION}.{STATEMENT}.1.Resource", "*"),
    put("cluster", f"{EXECUTION}.{STATEMENT}.2.Action", ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DeleteLogGroup"]),
    put("cluster", f"{EXECUTION}.ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
)
def rights(stacks):
    name = environment_of(stacks)["XKCDAPP_SSM_PREFIX"].strip("/")
    parameters = f"arn:aws:ssm:eu-central-1:123456789012:parameter/{name}"
    log = "arn:aws:logs:eu-central-1:123456789012:log-group:{cluster.XKCDAppLogGroup}:*"
    layers = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
    expected = {
        (EXECUTION, "Allow", "ecr:GetAuthorizationToken", "*"),
        *((EXECUTION, "Allow", f"ecr:{action}", "{cluster.XKCDAppRepository.Arn}") for action in layers),
        *((EXECUTION, "Allow", f"logs:{action}", log) for action in ("CreateLogStream", "PutLogEvents")),
        *(
            ("XKCDAppECSTaskRole", "Allow", f"ssm:{action}", f"{parameters}{below}")
            for action in ("GetParametersByPath", "GetParameters")
            for below in ("", "/*")
        ),
    }
    assert grants(stacks) == expected, grants(stacks) ^ expected


@rule(
    "only tasks of this account take the roles",
    put("cluster", "XKCDAppECSTaskRole.AssumeRolePolicyDocument.Statement.0.Principal", "*"),
    remove("cluster", f"{EXECUTION}.AssumeRolePolicyDocument.Statement.0.Condition"),
)
def trust(stacks):
    for _, name, role in of_type(stacks, "AWS::IAM::Role"):
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}, name
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}, name


CLUSTER = [
    value("a tag never changes what it means", "cluster", "XKCDAppRepository.ImageTagMutability", "IMMUTABLE", "MUTABLE", REMOVED),
    value("images are scanned", "cluster", "XKCDAppRepository.ImageScanningConfiguration", {"ScanOnPush": True}, {"ScanOnPush": False}, REMOVED),
    value("the log outlives the stack", "cluster", "XKCDAppLogGroup.DeletionPolicy", "Retain", "Delete"),
]


@rule(
    "old images go, and enough stay to roll back to",
    remove("cluster", "XKCDAppRepository.LifecyclePolicy"),
    put("cluster", "XKCDAppRepository.LifecyclePolicy.LifecyclePolicyText", '{"rules": []}'),
)
def lifecycle(stacks):
    text = stacks["cluster"].resources["XKCDAppRepository"]["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]
    (only,) = json.loads(text)["rules"]
    assert only["action"] == {"type": "expire"} and 10 <= only["selection"]["countNumber"] <= 100


DEPLOYMENT = f"{SERVICE}.DeploymentConfiguration"

SERVICES = [
    value("ECS goes back when new tasks do not get healthy", "service", f"{DEPLOYMENT}.DeploymentCircuitBreaker",
          {"Enable": True, "Rollback": True}, {"Enable": True, "Rollback": False}, {"Enable": False, "Rollback": True}, REMOVED),
    value("no task goes before another is there", "service", f"{DEPLOYMENT}.MinimumHealthyPercent", 100, 50),
    value("new tasks have room beside the old", "service", f"{DEPLOYMENT}.MaximumPercent", 200, 100),
    value("tasks have no public address", "service", f"{SERVICE}.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "DISABLED", "ENABLED", REMOVED),
    value("tasks have their own group alone", "service", f"{SERVICE}.NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
          ["{network.XKCDAppECSSecurityGroup.GroupId}"], [{"Fn::ImportValue": {"Fn::Sub": "xkcdapp-${Environment}-database-group"}}]),
    value("nobody signs in to a task", "service", f"{SERVICE}.EnableExecuteCommand", False, True),
    value("the service has the name of the manual procedure", "service", f"{SERVICE}.ServiceName", "XKCDAppClusterService", "app"),
    value("the service is behind the load balancer", "service", f"{SERVICE}.LoadBalancers.0.TargetGroupArn",
          "{load-balancer.XKCDAppClusterServiceTargetGroup}", "arn:other"),
    value("the load balancer asks the app's container", "service", f"{SERVICE}.LoadBalancers.0.ContainerName", "XKCDAppContainer", "sidecar"),
    value("the count of this very service is scaled", "service", "ScalableTarget.ResourceId",
          "service/{cluster.XKCDAppCluster}/{service.XKCDAppClusterService.Name}", "service/default/XKCDAppClusterService"),
    value("the count of tasks is what is scaled", "service", "ScalableTarget.ScalableDimension", "ecs:service:DesiredCount", "ecs:service:Other"),
]


@rule("a deployment leaves the count to autoscaling", put("service", f"{SERVICE}.DesiredCount", 2))
def count_is_left(stacks):
    assert "DesiredCount" not in stacks["service"].resources[SERVICE]["Properties"]


def tracking(stacks):
    policies = of_type(stacks, "AWS::ApplicationAutoScaling::ScalingPolicy")
    assert all(policy["Properties"]["ScalingTargetId"] == "{service.ScalableTarget}" for _, _, policy in policies)
    settings = [policy["Properties"]["TargetTrackingScalingPolicyConfiguration"] for _, _, policy in policies]
    return {each["PredefinedMetricSpecification"]["PredefinedMetricType"]: each for each in settings}


@rule(
    "tasks are added by requests per task and by CPU, and none is ever stuck",
    remove("service", "ScaleOnCpu"),
    remove("service", "ScaleOnRequests"),
    put("service", "ScaleOnRequests.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.ResourceLabel", "app/other/1/targetgroup/other/2"),
    put("service", "ScaleOnCpu.TargetTrackingScalingPolicyConfiguration.DisableScaleIn", True),
)
def scaling(stacks):
    found = tracking(stacks)
    assert set(found) == {"ALBRequestCountPerTarget", "ECSServiceAverageCPUUtilization"}
    label = found["ALBRequestCountPerTarget"]["PredefinedMetricSpecification"]["ResourceLabel"]
    assert label == (
        "{load-balancer.XKCDAppELB.LoadBalancerFullName}/{load-balancer.XKCDAppClusterServiceTargetGroup.TargetGroupFullName}"
    )
    assert not any(each.get("DisableScaleIn") for each in found.values())


# Metric -> (comparison, threshold)
WATCHED = {
    "HTTPCode_Target_5XX_Count": ("GreaterThanThreshold", 10),
    "HTTPCode_ELB_5XX_Count": ("GreaterThanThreshold", 10),
    "UnHealthyHostCount": ("GreaterThanThreshold", 0),
    "TargetResponseTime": ("GreaterThanThreshold", 1),
    "PendingViews": ("GreaterThanThreshold", 0),
    "UnwrittenViews": ("GreaterThanThreshold", 0),
    "FreeStorageSpace": ("LessThanThreshold", 2 * 1024**3),
    "CPUUtilization": ("GreaterThanThreshold", 80),
    "DatabaseMemoryUsagePercentage": ("GreaterThanThreshold", 75),
}


@rule(
    "everything that an operator has to know of rings, and somebody hears it",
    remove("service", "UnhealthyTargetAlarm"),
    remove("service", "LatencyAlarm"),
    put("service", "TargetErrorAlarm.MetricName", "RequestCount"),
    put("data", "DatabaseStorageAlarm.ComparisonOperator", "GreaterThanThreshold"),
    put("data", "RedisMemoryAlarm.Threshold", 100),
    put("service", "PendingViewsAlarm.AlarmActions", []),
    put("data", "DatabaseCpuAlarm.ActionsEnabled", False),
)
def alarms(stacks):
    found = {}
    for _, name, alarm in of_type(stacks, "AWS::CloudWatch::Alarm"):
        properties = alarm["Properties"]
        metric = properties["MetricName"].split("-")[0]
        found[metric] = (properties["ComparisonOperator"], properties["Threshold"])
        assert properties["AlarmActions"] == ["{cluster.XKCDAppAlarms}"], name
        assert properties.get("ActionsEnabled", True), name
    latency = found["TargetResponseTime"][1]
    assert found == {**WATCHED, "TargetResponseTime": ("GreaterThanThreshold", latency)}


@rule(
    "an alarm watches what its stack made",
    put("service", "TargetErrorAlarm.Dimensions.0.Value", "app/other/1"),
    put("data", "DatabaseStorageAlarm.Dimensions.0.Value", "other"),
    put("data", "RedisMemoryAlarm.Dimensions.0.Name", "CacheClusterId"),
)
def dimensions(stacks):
    known = {
        "LoadBalancer": "{load-balancer.XKCDAppELB.LoadBalancerFullName}",
        "TargetGroup": "{load-balancer.XKCDAppClusterServiceTargetGroup.TargetGroupFullName}",
        "DBInstanceIdentifier": "{data.XKCDAppDatabase}",
        "ReplicationGroupId": "{data.XKCDAppRedis}",
    }
    for _, name, alarm in of_type(stacks, "AWS::CloudWatch::Alarm"):
        for dimension in alarm["Properties"].get("Dimensions", []):
            assert dimension["Value"] == known.get(dimension["Name"]), (name, dimension)


@rule(
    "views that wait, and views that were not written, are read from the log as the app writes it",
    put("service", "PendingViews.FilterPattern", '{ $.event = "views_pending" }'),
    put("service", "PendingViews.MetricTransformations.0.MetricValue", "1"),
    put("service", "PendingViewsAlarm.MetricName", "Other"),
    put("service", "UnwrittenViews.LogGroupName", "/other"),
    put("service", "PendingViewsAlarm.Period", 30),
)
def pending(stacks):
    resources = stacks["service"].resources
    for filter_name, event, number in (("PendingViews", "views.pending", "$.count"), ("UnwrittenViews", "views.unwritten", "1")):
        properties = resources[filter_name]["Properties"]
        assert properties["FilterPattern"] == f'{{ $.event = "{event}" }}'
        assert properties["LogGroupName"] == "{cluster.XKCDAppLogGroup}"
        (metric,) = properties["MetricTransformations"]
        assert metric["MetricValue"] == number
        alarm = resources[f"{filter_name}Alarm"]["Properties"]
        assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    # The app says it once a minute.
    assert resources["PendingViewsAlarm"]["Properties"]["Period"] >= 120


PROPERTIES = [
    *DATA, failover, references,
    *TASKS, own_addresses, no_secret, rights, trust,
    *CLUSTER, lifecycle,
    *SERVICES, count_is_left, scaling, alarms, dimensions, pending,
]
