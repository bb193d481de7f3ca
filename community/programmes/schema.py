"""The JSON Schema of the book format, made from the models (rulebook, section 1).

`book.schema.json` beside this file is `schema_text()`, shipped so that editors can use it. What a schema cannot say
(references, unique keys, sums over a tree) only `parse` checks.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, Final

from community.programmes.book import Book
from community.programmes.requirements import WINDOWLESS

Schema = dict[str, Any]

FILE: Final = "book.schema.json"
_NUMBERS: Final = ["integer", "decimal"]


def shipped_schema() -> str:
    """The text of the schema in the package."""
    return (resources.files(__package__) / FILE).read_text("utf-8")


def schema_text() -> str:
    """The schema as it is to be shipped."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a book."""
    made = _plain(Book.model_json_schema(by_alias=True))
    definitions: Schema = made.pop("$defs")
    shared = _shared(definitions)
    definitions = {name: _referring(one, shared, name) for name, one in definitions.items()}
    for name, refinements in _refinements().items():
        definitions[name].setdefault("allOf", []).extend(refinements)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:community:book:1",
        "title": "A rule book of Community",
        **_referring(made, shared, ""),
        "$defs": {**shared, **definitions},
    }


def _plain(node: Any) -> Any:
    """Without what a file cannot say (null) and what nobody reads (generated titles)."""
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "anyOf" in node and {"type": "null"} in node["anyOf"]:
        others = [one for one in node["anyOf"] if one != {"type": "null"}]
        rest = {key: one for key, one in node.items() if key not in ("anyOf", "title", "default")}
        return _plain({**rest, **others[0]} if len(others) == 1 else {**rest, "anyOf": others})
    return {
        key: {name: _plain(one) for name, one in value.items()} if key in ("properties", "$defs") else _plain(value)
        for key, value in node.items()
        if key != "title" and not (key == "default" and value is None)
    }


def _shared(definitions: Schema) -> Schema:
    """Parts that stand in many places, by the name under which they stand once."""
    return {
        "Text": definitions["ContributionType"]["properties"]["name"],
        "Requirement": definitions["Tier"]["properties"]["gain"],
        "Condition": definitions["Factor"]["properties"]["when"],
        "Window": {key: one for key, one in definitions["Leaf"]["properties"]["window"].items() if key != "default"},
        "Key": definitions["ContributionType"]["properties"]["key"],
        "FieldKey": definitions["ContributionField"]["properties"]["key"],
    }


def _referring(node: Any, shared: Schema, name: str) -> Any:
    """With a reference in place of each shared part."""
    if isinstance(node, list):
        return [_referring(one, shared, name) for one in node]
    if not isinstance(node, dict):
        return node
    bare = {key: one for key, one in node.items() if key != "default"}
    for title, part in shared.items():
        if bare == part and part:
            default = {"default": node["default"]} if "default" in node else {}
            return {"$ref": f"#/$defs/{title}", **default}
    return {key: _referring(one, shared, name) for key, one in node.items()}


def _refinements() -> dict[str, list[Schema]]:
    """What keys of one part say of each other."""
    return {
        "Leaf": [
            _when("metric", sorted(WINDOWLESS), _without("window", "types", "except")),
            _when("metric", ["held"], _without("max")),
            _when("metric", ["field"], {"required": ["field"]}, _without("field")),
        ],
        "Bonus": [
            {"dependentRequired": {"per": ["every"]}},
            {"dependentSchemas": {"when": _without("every", "at_most")}},
        ],
        "ContributionField": [
            _when("type", ["choice"], {"required": ["choices"]}, _without("choices")),
            _when("type", [*_NUMBERS, "date"], {}, _without("min")),
            _when("type", [*_NUMBERS, "date", "text"], {}, _without("max")),
            _when("type", ["integer"], _bounds({"type": "integer"})),
            _when("type", ["decimal"], _bounds({"type": "number"})),
            _when("type", ["date"], _bounds({"type": "string"})),
            _when("type", ["text"], _bounds({"type": "integer", "minimum": 1})),
            _when("reach", [True], {"properties": {"type": {"const": "integer"}}}),
        ],
        "Tier": [
            {"anyOf": [{"required": ["gain"]}, _is("promotion", ["manual"])]},
            {
                "if": {"properties": {"keep": {"required": ["share"]}}, "required": ["keep"]},
                "then": {"required": ["gain"]},
            },
        ],
        "Reward": [
            _when("kind", ["points"], {"required": ["points"]}, _without("points")),
            _when("once", ["always"], {"properties": {"grant": _is("on", ["tier", "anniversary"])}}),
        ],
    }


def _is(key: str, values: list[Any]) -> Schema:
    return {"properties": {key: {"enum": values}}, "required": [key]}


def _when(key: str, values: list[Any], then: Schema, otherwise: Schema | None = None) -> Schema:
    return {"if": _is(key, values), "then": then, **({} if otherwise is None else {"else": otherwise})}


def _without(*keys: str) -> Schema:
    return {"not": {"anyOf": [{"required": [key]} for key in keys]}}


def _bounds(bound: Schema) -> Schema:
    return {"properties": {"min": bound, "max": bound}}
