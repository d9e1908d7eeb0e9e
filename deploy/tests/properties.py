"""The form of a property: what must hold of the resolved stacks, with the changes of a template that break it.

The two are written side by side, so that no assertion is without a proof that it can fail.
"""

import copy
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Property:
    title: str
    # Takes the stacks, by name; asserts.
    holds: Callable
    # Each takes the templates, by name, and breaks the property in them.
    breaks: tuple

    def __str__(self):
        return self.title


@dataclass(frozen=True)
class Change:
    """Puts a value at a path of the template: `put("data", "XKCDAppDatabase.StorageEncrypted", False)`."""

    stack: str
    path: str
    value: object

    def __call__(self, templates):
        *folders, last = self.path.split(".")
        resource = templates[self.stack]["Resources"][folders[0]] if folders else templates[self.stack]["Resources"]
        place = resource
        for folder in folders[1:]:
            place = step(place, folder)
        if isinstance(place, dict) and folders and place is resource and last in place.get("Properties", {}):
            place = place["Properties"]
        elif place is resource and folders and last not in place:
            place = place.setdefault("Properties", {})
        key = index_of(place, last)
        if self.value is REMOVED:
            del place[key]
        else:
            place[key] = self.value

    def __str__(self):
        return f"{self.stack}.{self.path}={'removed' if self.value is REMOVED else self.value}"[:90]


REMOVED = object()


def put(stack, path, value):
    return Change(stack, path, value)


def remove(stack, path):
    return Change(stack, path, REMOVED)


@dataclass(frozen=True)
class Addition:
    """Puts one more resource into a template."""

    stack: str
    kind: str
    properties: object = None

    def __call__(self, templates):
        templates[self.stack]["Resources"]["Extra"] = {"Type": self.kind, "Properties": self.properties or {}}

    def __str__(self):
        return f"{self.stack}+{self.kind}"


def add(stack, kind, properties=None):
    return Addition(stack, kind, properties)


def step(place, name):
    """One step of a path. A resource's properties need no `Properties`; in a list, an item is found by its
    Name, Key or SID, or by its position."""
    if isinstance(place, dict) and name not in place and name in place.get("Properties", {}):
        return place["Properties"][name]
    return place[index_of(place, name)]


def index_of(place, name):
    if isinstance(place, dict):
        return name
    for index, item in enumerate(place):
        if isinstance(item, dict) and name in (item.get("Name"), item.get("Key")):
            return index
    return int(name)


def value(title, stack, path, expected, *broken):
    """A value at a path; `broken` are values that it must not have (`REMOVED`: none at all)."""

    def holds(stacks):
        place = stacks[stack].resources
        for name in path.split("."):
            place = step(place, name)
        assert place == expected, f"{path} is {place!r}"

    return Property(title, holds, tuple(put(stack, path, wrong) for wrong in broken))


def settings(title, stack, path, expected):
    """Values beside each other; each is broken once."""

    def holds(stacks):
        place = stacks[stack].resources
        for name in path.split("."):
            place = step(place, name)
        place = place.get("Properties", place)
        assert {key: place.get(key) for key in expected} == expected

    return Property(title, holds, tuple(put(stack, f"{path}.{key}", "another") for key in expected))


def rule(title, *breaks):
    """For a function that asserts more than a value."""
    return lambda holds: Property(title, holds, breaks)


def broken(templates, change):
    templates = copy.deepcopy(templates)
    change(templates)
    return templates


def of_type(stacks, kind):
    """All resources of a type, as (stack, name, resource)."""
    return [
        (stack, name, resource)
        for stack, resolved in stacks.items()
        for name, resource in resolved.resources.items()
        if resource["Type"] == kind
    ]


def attributes(pairs):
    """A list of Key or Name and Value, as a dictionary."""
    return {pair.get("Key", pair.get("Name")): pair["Value"] for pair in pairs}
