"""The base of every part of a book: which keys it takes, and errors that say what would be accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, ClassVar, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

MOST_UNKNOWN_KEYS: Final = 50
"""So many of one part are told."""
OUR_ERRORS: Final = frozenset({"accepted", "unknown_key", "keys"})
"""Errors whose message says what is accepted."""


def refusal(accepted: str) -> PydanticCustomError:
    """The error of a value that is none of what is `accepted`."""
    return PydanticCustomError("accepted", accepted)


@dataclass(frozen=True, slots=True)
class OneOfKeys:
    """How many of some keys a part takes: at least `fewest`, at most `most`."""

    keys: tuple[str, ...]
    fewest: int = 1
    most: int = 1

    @property
    def accepted(self) -> str:
        """In words."""
        names = " or ".join(f"`{key}`" for key in self.keys)
        if self.fewest == 0:
            return f"{names}, not both"
        return f"{names}, one of them" if self.most == 1 else f"{names}, or both"

    def schema(self) -> list[JsonSchemaValue]:
        """The same as JSON Schema."""
        some: list[JsonSchemaValue] = [{"required": [key]} for key in self.keys]
        if self.fewest == 0:
            return [{"not": {"required": list(self.keys)}}]
        return [{"oneOf": some}] if self.most == 1 else [{"anyOf": some}]


class Part(BaseModel):
    """A part of a book: frozen, no unknown keys; `counts` says which of its keys exclude each other."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    counts: ClassVar[tuple[OneOfKeys, ...]] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _check_keys(cls, value: object, handler: ModelWrapValidatorHandler[Any]) -> Any:
        """Adds unknown keys, and what `counts` finds, to the errors of the values, so that all come at once."""
        if not isinstance(value, Mapping):
            if isinstance(value, cls):
                return value
            raise refusal("a map of " + ", ".join(f"`{key}`" for key in keys_of(cls)))
        wrong = list(cls._wrong_keys(value))
        if not wrong:
            return handler(value)
        try:
            handler({key: one for key, one in value.items() if key in keys_of(cls)})
        except ValidationError as error:
            wrong += [_again(one) for one in error.errors(include_url=False)]
        raise ValidationError.from_exception_data(cls.__name__, wrong)

    @classmethod
    def _wrong_keys(cls, value: Mapping[Any, object]) -> Iterator[InitErrorDetails]:
        known = keys_of(cls)
        unknown = [key for key in value if key not in known]
        for key in unknown[:MOST_UNKNOWN_KEYS]:
            accepted = f"one of the keys {', '.join(f'`{one}`' for one in known)}{suggestion(key, known)}"
            yield {"type": PydanticCustomError("unknown_key", accepted), "loc": (key,), "input": value}
        for rule in cls.counts:
            given = [key for key in rule.keys if value.get(key) is not None]
            if not rule.fewest <= len(given) <= rule.most:
                yield {"type": PydanticCustomError("keys", rule.accepted), "loc": (), "input": given}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        rules = [one for rule in cls.counts for one in rule.schema()]
        if rules:
            handler.resolve_ref_schema(found)["allOf"] = rules
        return found


@cache
def keys_of(part: type[Part]) -> tuple[str, ...]:
    """The keys that a part takes, as the file writes them."""
    return tuple(one.alias or name for name, one in part.model_fields.items())


def suggestion(found: object, known: Iterable[str]) -> str:
    """`; did you mean x?`, where something known is near."""
    near = get_close_matches(str(found), list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _again(error: Any) -> InitErrorDetails:
    """An error once more, to be raised with others."""
    kind = error["type"]
    if kind in OUR_ERRORS:
        kind = PydanticCustomError(kind, error["msg"])
    return {"type": kind, "loc": error["loc"], "input": error["input"], "ctx": error.get("ctx") or {}}
