"""Who may talk to whom, and what the internet reaches."""

from properties import REMOVED, Property, add, attributes, of_type, put, remove, rule, value
from template import CERTIFICATE

NET, LB = "network", "load-balancer"
GROUP = "XKCDApp{}SecurityGroup".format
ANYWHERE, NOWHERE = "0.0.0.0/0", "127.0.0.1/32"


def groups(stacks):
    """Identifier -> name of each security group."""
    return {f"{{{NET}.{name}.GroupId}}": name for _, name, _ in of_type(stacks, "AWS::EC2::SecurityGroup")}


def edges(stacks):
    """Every rule of every group, as (from, to, port, direction)."""
    names = groups(stacks)
    found = set()

    def add(direction, own, entry):
        other = next(
            entry[key]
            for key in ("CidrIp", "SourceSecurityGroupId", "DestinationSecurityGroupId", "CidrIpv6")
            if key in entry
        )
        ports = (entry["IpProtocol"], entry.get("FromPort"), entry.get("ToPort"))
        port = ports[1] if ports == ("tcp", ports[1], ports[1]) else ports
        pair = (names.get(other, other), own) if direction == "in" else (own, names.get(other, other))
        found.add((*pair, port, direction))

    for _, name, group in of_type(stacks, "AWS::EC2::SecurityGroup"):
        for entry in group["Properties"].get("SecurityGroupIngress", []):
            add("in", name, entry)
        for entry in group["Properties"].get("SecurityGroupEgress", []):
            add("out", name, entry)
    for kind, direction in (("Ingress", "in"), ("Egress", "out")):
        for _, _, loose in of_type(stacks, f"AWS::EC2::SecurityGroup{kind}"):
            add(direction, names[loose["Properties"]["GroupId"]], loose["Properties"])
    return found


def expected_edges(stacks):
    balancer, tasks = GROUP("ElasticLoadBalancer"), GROUP("ECS")
    database, redis = GROUP("RDS"), GROUP("ElastiCache")
    chain = [(balancer, tasks, 8000), (tasks, database, 5432), (tasks, redis, 6379)]
    expected = {(*edge, direction) for edge in chain for direction in ("in", "out")}
    expected |= {(ANYWHERE, balancer, 80, "in"), (tasks, ANYWHERE, 443, "out")}
    expected |= {(group, NOWHERE, ("-1", None, None), "out") for group in (database, redis)}
    if "HttpsListener" in stacks[LB].resources:
        expected.add((ANYWHERE, balancer, 443, "in"))
    if "EndpointSecurityGroup" in stacks[NET].resources:
        expected.add((tasks, "EndpointSecurityGroup", 443, "in"))
        expected.add(("EndpointSecurityGroup", NOWHERE, ("-1", None, None), "out"))
    return expected


DEBUG = {"GroupId": {"Fn::GetAtt": [GROUP("RDS"), "GroupId"]}, "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIp": ANYWHERE}
ALL_TRAFFIC = {"IpProtocol": "-1", "CidrIp": ANYWHERE}


@rule(
    "the security groups are exactly the chain: internet, load balancer, tasks, stores",
    add(NET, "AWS::EC2::SecurityGroupIngress", DEBUG),
    put(NET, f"{GROUP('ECS')}.SecurityGroupEgress.2", ALL_TRAFFIC),
    put(NET, f"{GROUP('ECS')}.SecurityGroupIngress", [dict(ALL_TRAFFIC, IpProtocol="tcp", FromPort=8000, ToPort=8000)]),
    remove(NET, f"{GROUP('ElasticLoadBalancer')}.SecurityGroupEgress.0"),
    put(NET, f"{GROUP('ElasticLoadBalancer')}.SecurityGroupIngress.0.ToPort", 65535),
    put(NET, f"{GROUP('ElastiCache')}FromTasks.SourceSecurityGroupId", {"Fn::GetAtt": [GROUP("RDS"), "GroupId"]}),
    put(NET, f"{GROUP('RDS')}.SecurityGroupEgress", [ALL_TRAFFIC]),
    put(NET, f"{GROUP('RDS')}FromTasks.FromPort", 0),
)
def chain(stacks):
    found, expected = edges(stacks), expected_edges(stacks)
    assert found == expected, f"too much: {found - expected}, too little: {expected - found}"


@rule(
    "every group says which traffic may leave it: one that says nothing lets everything out",
    remove(NET, f"{GROUP('RDS')}.SecurityGroupEgress"),
    put(NET, f"{GROUP('ElastiCache')}.SecurityGroupEgress", []),
)
def explicit_egress(stacks):
    for _, name, group in of_type(stacks, "AWS::EC2::SecurityGroup"):
        assert group["Properties"].get("SecurityGroupEgress"), name


def subnets(stacks, route_target):
    """The subnets whose table has a route to everywhere through something of that kind."""
    resources = stacks[NET].resources
    tables = {
        route["Properties"]["RouteTableId"]
        for _, _, route in of_type(stacks, "AWS::EC2::Route")
        if route_target in route["Properties"] and route["Properties"]["DestinationCidrBlock"] == ANYWHERE
    }
    return {
        entry["Properties"]["SubnetId"]
        for entry in resources.values()
        if entry["Type"] == "AWS::EC2::SubnetRouteTableAssociation" and entry["Properties"]["RouteTableId"] in tables
    }


@rule(
    "the load balancer is in the subnets with a way in, everything else in those without",
    put(NET, "PrivateSubnet1Routes.RouteTableId", {"Ref": "PublicRoutes"}),
    put(LB, "XKCDAppELB.Subnets", ["{network.PrivateSubnet1}", "{network.PrivateSubnet2}"]),
    put(LB, "XKCDAppELB.Subnets", ["{network.PublicSubnet1}"]),
    put("data", "DatabaseSubnets.SubnetIds", ["{network.PublicSubnet1}", "{network.PublicSubnet2}"]),
    put("data", "RedisSubnets.SubnetIds", ["{network.PublicSubnet1}", "{network.PublicSubnet2}"]),
    put("service", "XKCDAppClusterService.NetworkConfiguration.AwsvpcConfiguration.Subnets", ["{network.PublicSubnet1}"]),
)
def tiers(stacks):
    public = subnets(stacks, "GatewayId")
    every = {f"{{{NET}.{name}}}" for _, name, _ in of_type(stacks, "AWS::EC2::Subnet")}
    private = every - public
    assert public and private
    assert set(stacks[LB].resources["XKCDAppELB"]["Properties"]["Subnets"]) == public
    data, service = stacks["data"].resources, stacks["service"].resources["XKCDAppClusterService"]["Properties"]
    assert set(data["DatabaseSubnets"]["Properties"]["SubnetIds"]) == private
    assert set(data["RedisSubnets"]["Properties"]["SubnetIds"]) == private
    assert set(service["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]) == private


@rule(
    "each zone has a public and a private subnet, and no addresses overlap",
    put(NET, "PrivateSubnet2.AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    put(NET, "PublicSubnet2.CidrBlock", "10.0.0.0/20"),
)
def zones(stacks):
    found = [resource["Properties"] for _, _, resource in of_type(stacks, "AWS::EC2::Subnet")]
    per_zone = {}
    for subnet in found:
        per_zone.setdefault(subnet["AvailabilityZone"], []).append(subnet)
    assert len(per_zone) in (2, 3) and all(len(pair) == 2 for pair in per_zone.values()), per_zone
    assert len({subnet["CidrBlock"] for subnet in found}) == len(found)


@rule(
    "every private subnet has a way out, of its own where there is one per zone, unless endpoints are all it has",
    remove(NET, "PrivateRoute1"),
    put(NET, "PrivateSubnet2Routes.RouteTableId", {"Ref": "PublicRoutes"}),
)
def ways_out(stacks):
    resources = stacks[NET].resources
    private = {f"{{{NET}.{name}}}" for _, name, _ in of_type(stacks, "AWS::EC2::Subnet")} - subnets(stacks, "GatewayId")
    gateways = of_type(stacks, "AWS::EC2::NatGateway")
    if "EndpointSecurityGroup" in resources:
        assert not gateways and not subnets(stacks, "NatGatewayId")
        return
    assert subnets(stacks, "NatGatewayId") == private and len(private) in (2, 3)
    assert len(gateways) in (1, len(private))
    routes = {route["Properties"].get("NatGatewayId") for _, _, route in of_type(stacks, "AWS::EC2::Route")} - {None}
    assert len(routes) == len(gateways)


@rule(
    "layers of images come from S3 past the NAT",
    put(NET, "S3Endpoint.RouteTableIds", [{"Ref": "PublicRoutes"}]),
    put(NET, "S3Endpoint.VpcEndpointType", "Interface"),
)
def s3(stacks):
    endpoint = stacks[NET].resources["S3Endpoint"]["Properties"]
    assert endpoint["VpcEndpointType"] == "Gateway" and endpoint["ServiceName"].endswith(".s3")
    private = {
        entry["Properties"]["RouteTableId"]
        for _, name, entry in of_type(stacks, "AWS::EC2::SubnetRouteTableAssociation")
        if name.startswith("Private")
    }
    assert set(endpoint["RouteTableIds"]) == private


def https(stacks):
    return "HttpsListener" in stacks[LB].resources


FORWARD = {"Type": "forward", "TargetGroupArn": "{load-balancer.XKCDAppClusterServiceTargetGroup}"}


@rule(
    "with a certificate everything is HTTPS under the policy that was chosen, and 80 only redirects",
    put(LB, "HttpListener.DefaultActions", [{"Type": "forward", "TargetGroupArn": {"Ref": "XKCDAppClusterServiceTargetGroup"}}]),
    put(LB, "HttpsListener.SslPolicy", "ELBSecurityPolicy-2016-08"),
    put(LB, "HttpsListener.Protocol", "HTTP"),
    put(LB, "HttpsListener.Certificates", []),
    put(LB, "HttpListener.DefaultActions", [{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTP", "Port": "443", "StatusCode": "HTTP_301"}}]),
)
def encrypted(stacks):
    listeners = {entry["Properties"]["Port"]: entry["Properties"] for _, _, entry in of_type(stacks, "AWS::ElasticLoadBalancingV2::Listener")}
    assert set(listeners) == {80, 443}
    assert listeners[443]["Protocol"] == "HTTPS" and listeners[443]["DefaultActions"] == [FORWARD]
    assert listeners[443]["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    assert listeners[443]["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-")
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    assert listeners[80]["DefaultActions"] == [{"Type": "redirect", "RedirectConfig": redirect}]
    assert stacks[LB].outputs["PublicUrl"] == "https://xkcd.example.org"


@rule(
    "without a certificate port 80 alone serves, and the address says http",
    put(LB, "HttpListener.Port", 8080),
    put(LB, "HttpListener.DefaultActions", []),
)
def plain(stacks):
    listeners = {entry["Properties"]["Port"]: entry["Properties"] for _, _, entry in of_type(stacks, "AWS::ElasticLoadBalancingV2::Listener")}
    assert set(listeners) == {80} and listeners[80]["DefaultActions"] == [FORWARD]
    assert stacks[LB].outputs["PublicUrl"] == "http://{load-balancer.XKCDAppELB.DNSName}"


TARGETS = "XKCDAppClusterServiceTargetGroup"

HTTPS_ONLY = [encrypted]
HTTP_ONLY = [plain]
PROPERTIES = [
    chain,
    explicit_egress,
    tiers,
    zones,
    ways_out,
    s3,
    value("the load balancer faces the internet", LB, "XKCDAppELB.Scheme", "internet-facing", "internal"),
    value("the load balancer has its own group alone", LB, "XKCDAppELB.SecurityGroups",
          [f"{{network.{GROUP('ElasticLoadBalancer')}.GroupId}}"],
          [{"Fn::ImportValue": {"Fn::Sub": "xkcdapp-${Environment}-task-group"}}]),
    value("invalid headers are dropped", LB,
          "XKCDAppELB.LoadBalancerAttributes.1.Value",
          "true", "false"),
    value("requests that could be taken in two ways are refused", LB, "XKCDAppELB.LoadBalancerAttributes.2.Value", "defensive", "monitor"),
    value("the client's address is added to X-Forwarded-For, which the app takes as from one proxy", LB,
          "XKCDAppELB.LoadBalancerAttributes.3.Value", "append", "preserve", "remove"),
    value("the load balancer closes idle connections before the app does", LB, "XKCDAppELB.LoadBalancerAttributes.4.Value", "60", "120"),
    value("the health check counts no view", LB, f"{TARGETS}.HealthCheckPath", "/health/ready", "/", "/health/live", REMOVED),
    value("a healthy task answers 200", LB, f"{TARGETS}.Matcher", {"HttpCode": "200"}, {"HttpCode": "200-499"}, REMOVED),
    value("targets are tasks' own addresses", LB, f"{TARGETS}.TargetType", "ip", "instance", REMOVED),
]


@rule(
    "the attributes of the load balancer are those that the properties above are about",
    put(LB, "XKCDAppELB.LoadBalancerAttributes.1.Key", "routing.http2.enabled"),
    put(LB, "XKCDAppELB.LoadBalancerAttributes.3.Key", "routing.http.preserve_host_header.enabled"),
)
def attribute_names(stacks):
    names = list(attributes(stacks[LB].resources["XKCDAppELB"]["Properties"]["LoadBalancerAttributes"]))
    assert names == [
        "deletion_protection.enabled",
        "routing.http.drop_invalid_header_fields.enabled",
        "routing.http.desync_mitigation_mode",
        "routing.http.xff_header_processing.mode",
        "idle_timeout.timeout_seconds",
    ]


@rule(
    "a target that leaves is given exactly the time that the app takes to stop, which ECS grants it",
    put(LB, f"{TARGETS}.TargetGroupAttributes.0.Value", "300"),
    put("task", "XKCDAppTaskDefinition.ContainerDefinitions.0.StopTimeout", 15),
    put("task", "XKCDAppTaskDefinition.ContainerDefinitions.0.Environment.XKCDAPP_SHUTDOWN_SECONDS.Value", "60"),
    remove("task", "XKCDAppTaskDefinition.ContainerDefinitions.0.Environment.XKCDAPP_SHUTDOWN_SECONDS"),
)
def drain(stacks):
    target = attributes(stacks[LB].resources[TARGETS]["Properties"]["TargetGroupAttributes"])
    container = stacks["task"].resources["XKCDAppTaskDefinition"]["Properties"]["ContainerDefinitions"][0]
    seconds = int(attributes(container["Environment"])["XKCDAPP_SHUTDOWN_SECONDS"])
    assert int(target["deregistration_delay.timeout_seconds"]) == seconds
    # What the app may take beyond: the log's reader, and what still blocks.
    assert seconds + 10 <= container["StopTimeout"] <= 120


PROPERTIES += [attribute_names, drain]
assert all(isinstance(each, Property) for each in PROPERTIES)
