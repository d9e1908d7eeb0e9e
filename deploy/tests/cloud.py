"""AWS as the scripts see it: moto's server for the Parameter Store and identity, and stand-ins for what moto can't do.

CloudFormation is the resolver of template.py with a memory; ECS runs what the test says it runs. The scripts call
a program `aws` that hands its arguments here, so every call is known with its arguments.
"""

import contextlib
import functools
import io
import json
import re
import tempfile
import threading
from pathlib import Path

# First: the AWS CLI brings a botocore of its own.
import awscli.clidriver
import botocore.session
import jmespath
import template
from awscli.text import format_text
from template import TemplateError

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/xkcdapp-{}"


class Refused(Exception):
    """What the AWS CLI ends with when AWS says no."""


@functools.cache
def store():
    """The Parameter Store, past the AWS CLI. Making a client takes far longer than what it is asked."""
    return botocore.session.get_session().create_client("ssm")


class Cloud:
    def __init__(self, real_cli, environment):
        self.real_cli = real_cli
        self.environment = environment
        self.calls = []
        self.regions = set()
        self.stacks = {}
        self.images = set()
        self.tasks = []
        self.revisions = []
        self.deployments = []
        # What a test wants to happen.
        self.exit_code = 0
        self.stopped_reason = "Essential container in task exited"
        self.rolls_back = False
        self.fails = False
        self.never_done = False
        self.run_hook = lambda task: None
        self.refuses = {}
        # Asked for what: `StackStatus`, `Outputs`, or a key of these, it does not answer.
        self.silent_about = None
        self.lock = threading.Lock()

    def call(self, arguments, standard_input, region):
        """Returns exit code, standard output, standard error."""
        with self.lock:
            self.calls.append(arguments)
            self.regions.add(region)
            handler = getattr(self, "_".join(arguments[:2]).replace("-", "_"), None)
            if handler is None:
                return self.real(arguments, standard_input)
            try:
                answer = handler(Options(arguments[2:]))
            except (Refused, TemplateError) as error:
                return 254, "", f"\nAn error occurred: {error}\n"
            return 0, shown(answer, arguments), ""

    def real(self, arguments, standard_input):
        """The AWS CLI itself, against moto."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(standard_input)
            file.flush()
            arguments = [word.replace("file:///dev/stdin", f"file://{file.name}") for word in arguments]
            out, err = io.StringIO(), io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = self.real_cli(arguments)
        return code, out.getvalue(), err.getvalue()

    def parameters(self, path=None):
        """Name -> (type, value), as moto has them."""
        pages = store().get_paginator("get_parameters_by_path")
        found = pages.paginate(Path=path or f"/xkcdapp/{self.environment}", WithDecryption=True).build_full_result()
        return {each["Name"]: (each["Type"], each["Value"]) for each in found["Parameters"]}

    def put(self, name, value, kind="SecureString"):
        store().put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)

    def forget(self, name):
        store().delete_parameter(Name=name)

    # --- CloudFormation ------------------------------------------------------------------------------------

    def name(self, stack):
        return stack.removeprefix(f"xkcdapp-{self.environment}-")

    def imports(self):
        return {key: item for stack in self.stacks.values() for key, item in stack["exports"].items()}

    def cloudformation_deploy(self, options):
        name = self.name(options["--stack-name"])
        pairs = dict(word.split("=", 1) for word in options.many("--parameter-overrides"))
        if name in self.refuses:
            raise Refused(self.refuses[name])
        before = self.stacks.get(name, {})
        if before.get("status", "").startswith("ROLLBACK"):
            raise Refused(f"Stack is in {before['status']} state and can not be updated")
        # What is not said keeps its value.
        given = {**before.get("given", {}), **pairs}
        text = Path(options["--template-file"]).read_text()
        written = template.yaml.load(text, template.Loader)
        imports = Noted(self.imports())
        resolved = template.resolve(name, written, given, imports)
        self.see_references(resolved)
        resources = json.dumps(resolved.resources, sort_keys=True)
        changed = resources != before.get("resources")
        if "AWS::IAM::" in resources and "CAPABILITY_IAM" not in options.get("--capabilities", ""):
            raise Refused("InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]")
        if not changed and "--no-fail-on-empty-changeset" not in options:
            raise Refused(f"No changes to deploy. Stack {name} is up to date")
        if name == "task" and changed:
            self.revisions.append(resolved.resources["XKCDAppTaskDefinition"]["Properties"])
        stack = {"given": given, "imports": imports.taken, "resources": resources, "status": "UPDATE_COMPLETE" if before else "CREATE_COMPLETE"}
        stack["outputs"] = {key: self.made_real(item) for key, item in resolved.outputs.items()}
        stack["exports"] = {key: self.made_real(item) for key, item in resolved.exports.items()}
        self.see_exports(name, before.get("exports", {}), stack["exports"])
        self.stacks[name] = stack
        if name == "service" and changed:
            self.roll_out(given["TaskDefinitionArn"])

    def see_exports(self, name, before, after):
        """What another stack has imported may not change any more, nor go."""
        for key, item in before.items():
            users = [other for other, each in self.stacks.items() if other != name and key in each.get("imports", ())]
            if users and after.get(key) != item:
                raise Refused(f"Cannot update export {key} as it is in use by {users}")

    def made_real(self, text):
        """What AWS would have made of a name in braces, where the scripts look at it."""
        family = f"arn:aws:ecs:eu-central-1:123456789012:task-definition/XKCDAppTaskDefinition-{self.environment}"
        text = str(text).replace("{task.XKCDAppTaskDefinition}", f"{family}:{len(self.revisions)}")
        return text.replace("{cluster.XKCDAppRepository.RepositoryUri}", REPOSITORY.format(self.environment))

    def see_references(self, resolved):
        for name, version in re.findall(r"\{\{resolve:ssm-secure:([^:}]+):(\d+)\}\}", json.dumps(resolved.resources)):
            found = store().get_parameters(Names=[f"{name}:{version}"])["Parameters"]
            if [each["Type"] for each in found] != ["SecureString"]:
                raise Refused(f"Parameters: [ssm-secure:{name}:{version}] cannot be found")

    def cloudformation_describe_stacks(self, options):
        stack = self.stacks.get(self.name(options["--stack-name"]))
        if self.silent_about and self.silent_about in options["--query"]:
            raise Refused("Could not connect to the endpoint URL")
        if stack is None:
            raise Refused("ValidationError: Stack does not exist")
        outputs = [{"OutputKey": key, "OutputValue": item} for key, item in stack.get("outputs", {}).items()]
        return {"Stacks": [{"StackStatus": stack["status"], "Outputs": outputs}]}

    def cloudformation_delete_stack(self, options):
        name = self.name(options["--stack-name"])
        stack = self.stacks.get(name, {"exports": {}, "given": {}})
        for other, each in self.stacks.items():
            if in_use := each.get("imports", set()) & set(stack["exports"]):
                raise Refused(f"Export {in_use} cannot be deleted as it is in use by {other}")
        if name == "data" and stack["given"].get("DeletionProtection") == "true":
            raise Refused("Cannot delete protected DB instance")
        self.stacks.pop(name, None)

    def cloudformation_wait(self, options):
        return None

    def cloudformation_describe_stack_events(self, options):
        return {"StackEvents": [{"LogicalResourceId": "X", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "a reason"}]}

    # --- ECR and ECS ---------------------------------------------------------------------------------------

    def ecr_describe_images(self, options):
        if options["--image-ids"].removeprefix("imageTag=") not in self.images:
            raise Refused("ImageNotFoundException")
        return {}

    def ecr_get_login_password(self, options):
        return "the-password-of-the-repository"

    def see_names(self, options, **expected):
        """What is asked about is what the stacks made: the value of each option is an output of a stack."""
        for option, (stack, output) in expected.items():
            found, name = options[f"--{option.replace('_', '-')}"], self.stacks[stack]["outputs"][output]
            if found != name:
                raise Refused(f"{option}: {found} is not {name}")

    def ecs_run_task(self, options):
        self.see_names(options, cluster=("cluster", "Cluster"), task_definition=("task", "TaskDefinition"))
        if (options["--launch-type"], options["--count"]) != ("FARGATE", "1"):
            raise Refused("InvalidParameterException")
        task = {
            "arn": f"arn:aws:ecs:eu-central-1:123456789012:task/xkcdapp/{len(self.tasks)}",
            "definition": options["--task-definition"],
            "override": json.loads(options["--overrides"])["containerOverrides"][0],
            "network": options["--network-configuration"],
            "service before": json.dumps(self.deployments),
            "looks": 0,
        }
        self.run_hook(task)
        self.tasks.append(task)
        return {"tasks": [{"taskArn": task["arn"]}]}

    def ecs_describe_tasks(self, options):
        self.see_names(options, cluster=("cluster", "Cluster"))
        task = self.tasks[int(options["--tasks"].split("/")[-1])]
        task["looks"] += 1
        if task["looks"] < 2 or self.never_done:
            return {"tasks": [{"lastStatus": "RUNNING", "containers": []}]}
        containers = [{"name": "XKCDAppContainer", "exitCode": self.exit_code}]
        return {"tasks": [{"lastStatus": "STOPPED", "stoppedReason": self.stopped_reason, "containers": containers}]}

    def ecs_stop_task(self, options):
        return {}

    def roll_out(self, wanted):
        running = self.deployments[0]["taskDefinition"] if self.deployments else "arn:none/none:0"
        state = "COMPLETED" if self.rolls_back else "FAILED" if self.fails else "IN_PROGRESS"
        chosen = running if self.rolls_back else wanted
        self.deployments = [{"status": "PRIMARY", "taskDefinition": chosen, "rolloutState": state, "runningCount": 2, "desiredCount": 2, "failedTasks": 0}]

    def ecs_describe_services(self, options):
        self.see_names(options, cluster=("cluster", "Cluster"))
        if options["--services"] != "XKCDAppClusterService":
            raise Refused("ServiceNotFoundException")
        shown_now = json.loads(json.dumps(self.deployments))
        for deployment in self.deployments:
            if not self.never_done and not self.fails:
                deployment["rolloutState"] = "COMPLETED"
        service = {"deployments": shown_now, "runningCount": 2, "desiredCount": 2, "events": [{"message": "has reached a steady state"}]}
        return {"services": [service]}

    def ecs_list_task_definitions(self, options):
        return {"taskDefinitionArns": [f"arn:task-definition/{number}" for number in range(len(self.revisions))]}

    def ecs_deregister_task_definition(self, options):
        self.revisions.pop()

    # --- The rest ------------------------------------------------------------------------------------------

    def logs_get_log_events(self, options):
        self.see_names(options, log_group_name=("cluster", "LogGroup"))
        # As awslogs names it: the prefix of the task definition, the container, the task.
        if options["--log-stream-name"] != f"xkcdapp/XKCDAppContainer/{len(self.tasks) - 1}":
            raise Refused("ResourceNotFoundException: The specified log stream does not exist.")
        return {"events": [{"message": "a line of the task"}]}

    def logs_filter_log_events(self, options):
        self.see_names(options, log_group_name=("cluster", "LogGroup"))
        return {"events": [{"message": f"from {options['--start-time']} {options.get('--filter-pattern')}"}]}

    def elbv2_describe_target_health(self, options):
        self.see_names(options, target_group_arn=("load-balancer", "TargetGroup"))
        return {"TargetHealthDescriptions": [{"Target": {"Id": "10.0.128.7"}, "TargetHealth": {"State": "healthy"}}]}

    def cloudwatch_describe_alarms(self, options):
        # CloudFormation names an alarm after its stack.
        stack = f"xkcdapp-{self.environment}-service"
        found = [{"AlarmDescription": "an alarm of the service"}] if stack.startswith(options["--alarm-name-prefix"]) else []
        return {"MetricAlarms": found if options["--state-value"] == "ALARM" else []}


class Noted(dict):
    """Notes what is taken from it."""

    def __init__(self, items):
        super().__init__(items)
        self.taken = set()

    def __getitem__(self, name):
        self.taken.add(name)
        return super().__getitem__(name)


class Options(dict):
    """--name value… of a command line."""

    def __init__(self, words):
        super().__init__()
        self.lists = {}
        name = None
        for word in words:
            if word.startswith("--"):
                name = word
                self.lists[name] = []
            elif name:
                self.lists[name].append(word)
        self.update({key: " ".join(items) for key, items in self.lists.items()})

    def many(self, name):
        return self.lists[name]


def shown(answer, arguments):
    """As the AWS CLI prints it with --query and --output text."""
    options = Options(arguments)
    if answer is None:
        return ""
    if "--query" in options:
        answer = jmespath.search(options["--query"], answer)
    if isinstance(answer, str) or answer is None or isinstance(answer, (int, float)):
        return f"{answer}\n"
    out = io.StringIO()
    format_text(answer, out)
    return out.getvalue()
