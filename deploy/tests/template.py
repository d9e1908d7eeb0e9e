"""CloudFormation's templates as data: read, and resolved as CloudFormation would with given parameters.

What only AWS knows stands as a name in braces: a Ref of XKCDAppELB in load-balancer is `{load-balancer.XKCDAppELB}`,
an attribute of it `{load-balancer.XKCDAppELB.DNSName}`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

DEPLOY = Path(__file__).parent.parent
ROOT = DEPLOY.parent
# In the order in which deploy/deploy makes them.
STACKS = ["cluster", "network", "load-balancer", "data", "task", "service"]
NO_VALUE = object()
PSEUDO = {
    "AWS::Region": "eu-central-1",
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::NoValue": NO_VALUE,
}


class TemplateError(Exception):
    """CloudFormation would refuse it."""


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, each as its long form."""


def _short_form(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    construct = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return {name: construct(node, deep=True)}


Loader.add_multi_constructor("!", _short_form)


def load(stack):
    """A template as it is written."""
    return yaml.load((DEPLOY / "stacks" / f"{stack}.yaml").read_text(), Loader)


def load_all():
    return {stack: load(stack) for stack in STACKS}


@dataclass
class Stack:
    """A template with its parameters put in."""

    resources: dict
    outputs: dict
    exports: dict


class Resolver:
    def __init__(self, name, template, given, imports):
        self.name, self.template, self.imports = name, template, imports
        self.values = parameter_values(template, given)
        self.conditions = template.get("Conditions", {})

    def stack(self):
        for rule in self.template.get("Rules", {}).values():
            if self.truth(rule["RuleCondition"]):
                for assertion in rule["Assertions"]:
                    if not self.truth(assertion["Assert"]):
                        raise TemplateError(assertion["AssertDescription"])
        self.there = {
            name: resource
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self.truth({"Condition": resource["Condition"]})
        }
        resources = {name: self.resolve(resource) for name, resource in self.there.items()}
        outputs, exports = {}, {}
        for name, output in self.template.get("Outputs", {}).items():
            outputs[name] = self.resolve(output["Value"])
            if "Export" in output:
                exports[self.resolve(output["Export"]["Name"])] = outputs[name]
        return Stack(resources, outputs, exports)

    def truth(self, condition):
        ((kind, value),) = condition.items()
        if kind == "Condition":
            return self.truth(self.conditions[value])
        if kind == "Fn::Equals":
            return self.resolve(value[0]) == self.resolve(value[1])
        if kind == "Fn::Not":
            return not self.truth(value[0])
        if kind == "Fn::And":
            return all(self.truth(each) for each in value)
        raise TemplateError(f"{self.name}: no such condition: {kind}")

    def resolve(self, value):
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((kind, argument),) = value.items()
            if kind == "Ref" or kind.startswith("Fn::"):
                return self.function(kind, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def function(self, kind, argument):
        if kind == "Ref":
            return self.name_of(argument)
        if kind == "Fn::GetAtt":
            return self.attribute(*argument)
        if kind == "Fn::If":
            condition, then, otherwise = argument
            return self.resolve(then if self.truth({"Condition": condition}) else otherwise)
        if kind == "Fn::Sub":
            return self.substitute(argument)
        if kind == "Fn::ImportValue":
            name = self.resolve(argument)
            if name not in self.imports:
                raise TemplateError(f"{self.name}: nobody exports {name}")
            return self.imports[name]
        if kind == "Fn::Split":
            return self.resolve(argument[1]).split(argument[0])
        if kind == "Fn::Select":
            return f"{{zone {argument[0]}}}" if argument[1] == {"Fn::GetAZs": ""} else self.resolve(argument[1])[argument[0]]
        raise TemplateError(f"{self.name}: no such function: {kind}")

    def name_of(self, name):
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.values:
            return self.values[name]
        if name not in self.there:
            raise TemplateError(f"{self.name}: {name} is named and is not there")
        return f"{{{self.name}.{name}}}"

    def attribute(self, name, attribute):
        if name not in self.there:
            raise TemplateError(f"{self.name}: {name} is named and is not there")
        return f"{{{self.name}.{name}.{attribute}}}"

    def substitute(self, argument):
        text, extra = argument if isinstance(argument, list) else (argument, {})
        extra = {key: self.resolve(item) for key, item in extra.items()}

        def put(match):
            name = match.group(1)
            if name in extra:
                return str(extra[name])
            return str(self.attribute(*name.split(".", 1)) if "." in name else self.name_of(name))

        return re.sub(r"\$\{([A-Za-z0-9:.]+)\}", put, text)


def parameter_values(template, given):
    """What the parameters are, judged as CloudFormation judges them."""
    unknown = set(given) - set(template["Parameters"])
    if unknown:
        raise TemplateError(f"no such parameter: {unknown}")
    values = {}
    for name, parameter in template["Parameters"].items():
        if name not in given and "Default" not in parameter:
            raise TemplateError(f"{name} is not given")
        value = str(given.get(name, parameter.get("Default")))
        allowed, pattern = parameter.get("AllowedValues"), parameter.get("AllowedPattern")
        if allowed and value not in map(str, allowed):
            raise TemplateError(f"{name}: {value!r} is none of {allowed}")
        if pattern and not re.fullmatch(pattern, value):
            raise TemplateError(f"{name}: {value!r} does not match {pattern}")
        if len(value) > parameter.get("MaxLength", len(value)):
            raise TemplateError(f"{name}: {value!r} is too long")
        if parameter["Type"].startswith("List<"):
            value = value.split(",")
        if parameter["Type"] == "Number":
            number = float(value)
            if not parameter.get("MinValue", number) <= number <= parameter.get("MaxValue", number):
                raise TemplateError(f"{name}: {value} is out of bounds")
            value = int(number) if number.is_integer() else number
        values[name] = value
    return values


def resolve(name, template, given, imports):
    return Resolver(name, template, given, imports).stack()


def resolve_all(templates, given):
    """All stacks, as deploy/deploy makes them one after the other. `given` has parameters of any of them."""
    stacks, imports = {}, {}
    for name in STACKS:
        filled = {key: stacks[stack].outputs[output] for key, (stack, output) in HANDED_ON.items() if stack in stacks}
        mine = {key: value for key, value in {**filled, **given}.items() if key in templates[name]["Parameters"]}
        stacks[name] = resolve(name, templates[name], mine, imports)
        imports.update(stacks[name].exports)
    return stacks


# What deploy/deploy fills in.
FILLED_IN = {
    "ImageTag": "0123456789ab",
    "DatabasePasswordVersion": "3",
    "RedisTokenVersion": "2",
    "TaskDefinitionArn": "arn:aws:ecs:eu-central-1:123456789012:task-definition/XKCDAppTaskDefinition-demo:1",
}
# What it takes from one stack and gives to another: parameter -> stack, output.
HANDED_ON = {
    "PublicSubnets": ("network", "PublicSubnets"),
    "PrivateSubnets": ("network", "PrivateSubnets"),
    "PublicUrl": ("load-balancer", "PublicUrl"),
}
CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
HTTPS = {"CertificateArn": CERTIFICATE, "DomainName": "xkcd.example.org"}


def configuration(name):
    """A file of deploy/environments."""
    lines = (DEPLOY / "environments" / f"{name}.conf").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    del pairs["Region"]
    return pairs


def profile(name):
    """All parameters as deploy/deploy gives them, for an environment of the repository."""
    filled = HTTPS if name == "production" else {}
    return {"Environment": name, **FILLED_IN, **configuration(name), **filled}
