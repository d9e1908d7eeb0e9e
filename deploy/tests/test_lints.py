"""Other people's rules: cfn-lint, checkov, hadolint; and that what is excused has a reason beside it."""

import subprocess
import sys
from pathlib import Path

import pytest
from template import DEPLOY, STACKS, load

PROGRAMS = Path(sys.executable).parent
TEMPLATES = [DEPLOY / "stacks" / f"{stack}.yaml" for stack in STACKS]
CHECKOV = ["--framework", "cloudformation", "--compact", "--quiet", "--skip-download"]


def run(program, *words):
    return subprocess.run([PROGRAMS / program, *words], capture_output=True, text=True)


def test_cfn_lint_finds_nothing():
    ended = run("cfn-lint", *TEMPLATES)
    assert ended.returncode == 0, ended.stdout


def test_checkov_finds_nothing_that_is_not_excused():
    ended = run("checkov", "--directory", DEPLOY / "stacks", *CHECKOV)
    assert ended.returncode == 0 and "Failed checks: 0" in ended.stdout, ended.stdout


def test_hadolint_finds_nothing():
    ended = run("hadolint", DEPLOY / "Dockerfile")
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize(
    "program, words, file, old, new",
    [
        ("cfn-lint", [], "stacks/data.yaml", "Engine: postgres", "Engine: postgers"),
        ("checkov", [*CHECKOV, "--file"], "stacks/data.yaml", "StorageEncrypted: true", "StorageEncrypted: false"),
        ("hadolint", [], "Dockerfile", "USER 65532:65532", "USER 65532:65532\nRUN cd /tmp && sudo ls"),
    ],
)
def test_a_linter_would_find_something(tmp_path, program, words, file, old, new):
    text = (DEPLOY / file).read_text()
    assert old in text
    copy = tmp_path / Path(file).name
    copy.write_text(text.replace(old, new))
    assert run(program, *words, copy).returncode != 0


def test_every_excuse_has_a_reason():
    excuses = [
        excuse
        for stack in STACKS
        for resource in load(stack)["Resources"].values()
        for excuse in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert excuses and all(len(excuse["comment"]) > 20 for excuse in excuses)


def test_templates_are_small_enough_to_be_sent_as_they_are():
    assert all(path.stat().st_size < 51_200 for path in TEMPLATES)
