"""GitHub's own description of its API, which holds both sides of the test server to it: requests and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from openapi_core import OpenAPI
from openapi_core.configurations import Config
from openapi_core.testing import MockRequest, MockResponse

DESCRIPTION: dict[str, Any] = json.loads((Path(__file__).parent / "github-subset.json").read_text())
SCHEMAS: dict[str, Any] = DESCRIPTION["components"]["schemas"]
PARAMETERS: dict[str, Any] = DESCRIPTION["components"]["parameters"]
HOST = "https://api.github.com"
REFS = ("/git/ref/", "/commits/")
"""What follows may have slashes in it, which OpenAPI cannot say."""


PLAIN: dict[str, Any] = {
    "array": [],
    "boolean": False,
    "date-time": "2026-11-01T12:00:00Z",
    "integer": 1,
    "number": 1,
    "uri": "https://github.com/x",
}
"""Values of each kind; text is x."""


class Undescribed(AssertionError):
    """GitHub's description has no such thing."""


def check_request(target: str, headers: Mapping[str, str]) -> None:
    """Raise unless GitHub's description has such a request, down to the name of each parameter."""
    request = _request(target, headers)
    operation = _operation(request.path)
    known = {_resolved(each)["name"] for each in operation.get("parameters", ())}
    unknown = dict(parse_qsl(urlsplit(target).query)).keys() - known
    if unknown:
        raise Undescribed(f"{target}: no such parameters: {unknown}")
    _contract().validate_request(request)


def check_answer(target: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raise unless GitHub's description has such an answer; an error that it does not list has a basic-error."""
    request = _request(target, {})
    if str(status) in _operation(request.path)["responses"]:
        kind = headers.get("content-type", "application/json").partition(";")[0]
        _contract().validate_response(request, MockResponse(body, status, dict(headers), kind))
    elif status < 400 or not set(json.loads(body)) <= set(SCHEMAS["basic-error"]["properties"]):
        raise Undescribed(f"{target}: no such answer: {status} {body[:200]!r}")


def example(schema: str, **known: Any) -> dict[str, Any]:
    """An object of that schema with everything that is required, and ``known`` in it."""
    made: dict[str, Any] = _example(SCHEMAS[schema])
    return made | known


@cache
def _contract() -> OpenAPI:
    return OpenAPI.from_dict(DESCRIPTION, config=Config(spec_validator_cls=None))


def _request(target: str, headers: Mapping[str, str]) -> MockRequest:
    parts = urlsplit(target)
    return MockRequest(HOST, "get", _one_segment(parts.path), args=dict(parse_qsl(parts.query)), headers=dict(headers))


def _one_segment(path: str) -> str:
    for marker in REFS:
        before, found, ref = path.partition(marker)
        if found:
            return f"{before}{marker}{quote(ref, safe='%')}"
    return path


def _operation(path: str) -> Mapping[str, Any]:
    matching = [template for template in DESCRIPTION["paths"] if _pattern(template).fullmatch(path)]
    if not matching:
        raise Undescribed(f"no such path: {path}")
    operation: Mapping[str, Any] = DESCRIPTION["paths"][min(matching, key=lambda each: each.count("{"))]["get"]
    return operation


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", template))


def _resolved(parameter: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = PARAMETERS.get(parameter.get("$ref", "").rpartition("/")[2], parameter)
    return found


def _example(schema: Mapping[str, Any]) -> Any:
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    inner = next((schema[union][0] for union in ("allOf", "anyOf", "oneOf") if union in schema), None)
    if inner is not None:
        return _example(inner)
    if schema.get("nullable"):
        return None
    if schema.get("type") == "object":
        return {name: _example(schema["properties"][name]) for name in schema.get("required", ())}
    plain = PLAIN.get(schema.get("format", ""), PLAIN.get(schema.get("type", ""), "x"))
    return schema.get("enum", [plain])[0]
