"""As much of a runner of GitHub Actions as our action and workflow need: expressions, steps, what is handed on."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT

ACTION = ROOT / ".github" / "actions" / "katpkg"
WORKFLOW = ROOT / ".github" / "workflows" / "publish.yml"
EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")


def read_yaml(path: Path) -> Any:
    """The file at ``path``; ``on`` is a word, and not the truth that YAML takes it for."""
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506  # it makes text and nothing else


def filled(text: str, context: Mapping[str, str]) -> str:
    """``text`` with its expressions replaced by what they are in ``context``; KeyError for what is not there."""
    return EXPRESSION.sub(lambda found: context[found[1]], text)


class Runner:
    """One job: a workspace of its own, and a path that grows as steps say."""

    def __init__(self, workspace: Path, temporary: Path, context: Mapping[str, str]) -> None:
        self.workspace = workspace
        self.context = dict(context)
        self.log = ""
        self._temporary = temporary
        self._path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        temporary.mkdir(parents=True, exist_ok=True)

    def call(self, step: Mapping[str, Any]) -> str:
        """Do a step of a workflow that uses our action; what it says as its result."""
        given = {name: filled(value, self.context) for name, value in step["with"].items()}
        action = read_yaml(ACTION / "action.yml")
        inputs = {
            f"inputs.{name}": given.get(name, filled(said.get("default", ""), self.context))
            for name, said in action["inputs"].items()
        }
        assert set(given) <= set(action["inputs"])
        result = ""
        for each in action["runs"]["steps"]:
            variables = {name: filled(value, inputs) for name, value in each.get("env", {}).items()}
            result = self._run(each["run"], variables) or result
        return result

    def _run(self, script: str, variables: Mapping[str, str]) -> str:
        files = {name: self._temporary / name for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        files["GITHUB_OUTPUT"].write_text("")
        files["GITHUB_PATH"].write_text("")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "KATPKG_"))},
            **{name: str(path) for name, path in files.items()},
            **{"GITHUB_ACTIONS": "true", "GITHUB_ACTION_PATH": str(ACTION), "RUNNER_TEMP": str(self._temporary)},
            **{"PATH": self._path, **variables},
        }
        done = subprocess.run(
            [*BASH, script], cwd=self.workspace, env=environment, check=False, capture_output=True, text=True
        )
        self.log += done.stdout + done.stderr
        assert done.returncode == 0, self.log
        self._path = ":".join([*files["GITHUB_PATH"].read_text().split(), self._path])
        found = re.fullmatch(r"result<<(\S+)\n(.*)\1\n", files["GITHUB_OUTPUT"].read_text(), re.DOTALL)
        return found[2] if found else ""

    @property
    def summary(self) -> str:
        """What GitHub shows beside the log."""
        return (self._temporary / "GITHUB_STEP_SUMMARY").read_text()

    def upload(self, step: Mapping[str, Any], into: Path) -> None:
        """Do a step that hands files on: in an artifact their paths begin at the first wildcard."""
        patterns = filled(step["with"]["path"], self.context).split()
        found = [path for pattern in patterns for path in self.workspace.glob(pattern.removeprefix("./"))]
        assert found, patterns
        fixed = (re.split(r"(?<=/)[^/]*\*|[^/]*$", pattern, maxsplit=1)[0] for pattern in patterns)
        top = Path(os.path.commonpath([self.workspace / part.removeprefix("./") for part in fixed]))
        for path in found:
            place = into / filled(step["with"]["name"], self.context) / path.relative_to(top)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)


def matrix_of(result: str) -> list[dict[str, str]]:
    """The builds that the plan tells of, as contexts."""
    return [{f"matrix.{name}": value for name, value in each.items()} for each in json.loads(result)["include"]]
