"""What the tests of the scripts do and ask again and again."""


def parameters(machine):
    return machine.cloud.parameters()


def deployed(machine):
    ended = machine.run("deploy")
    assert ended.returncode == 0, machine.output
    return ended


def refused(ended, *said, code=1):
    assert ended.returncode == code, ended.stderr
    for text in said:
        assert text in ended.stderr, ended.stderr


def secrets_of(machine):
    return [
        value
        for name, (_, value) in parameters(machine).items()
        if name.endswith(("PASSWORD", "TOKEN", "SECRET_KEY"))
    ]


def leaks(machine, secrets):
    """Where a secret can be seen that must not."""
    places = {
        "arguments": machine.arguments(),
        "output": machine.output,
        "stacks": repr(machine.cloud.stacks) + repr(machine.cloud.revisions),
        "files": "".join(path.read_text(errors="replace") for path in machine.files_left()),
    }
    return [place for place, text in places.items() for secret in secrets if secret in text]
