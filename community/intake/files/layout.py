"""Which column of a file gives which field: by `--map`, by its own name, by alias, or as a constant by `--set`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from operator import itemgetter
from typing import Any

from community.kit.errors import UsageError
from community.kit.text import excerpt

MEMBER_ALIASES = {"member_handle": "handle", "member_name": "name", "joined": "joined_on"}
CONTRIBUTION_ALIASES = {"contribution_id": "id", "member_handle": "handle", "date": "occurred_on"}
_LAYOUTS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Naming:
    """What the caller says about columns: `maps` theirs to ours, `constants` ours to the value of every row."""

    maps: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the cells of one header, or of objects with the same keys, become fields.

    `further` are the columns that give no field; `theirs` names the column behind a field.
    """

    fields: tuple[str, ...]
    further: tuple[str, ...]
    constants: Mapping[str, str]
    _columns: Mapping[str, str]
    _pick: Callable[[Any], tuple[Any, ...]]
    _pick_further: Callable[[Any], tuple[Any, ...]]

    def values(self, cells: list[str] | dict[str, object]) -> dict[str, object]:
        """The fields of a row, by our names."""
        found: dict[str, object] = dict(zip(self.fields, self._pick(cells), strict=True))
        if self.constants:
            found.update(self.constants)
        return found

    def attributes(self, cells: list[str] | dict[str, object]) -> dict[str, object]:
        """The cells of the further columns."""
        return dict(zip(self.further, self._pick_further(cells), strict=True))

    def theirs(self, name: str) -> str:
        """The file's own name for a field, where it has a column for it."""
        return self._columns.get(name, name)


class Columns:
    """The fields that a file may give, and how its columns are told.

    `known` are our names, `aliases` other names that count as ours, `rivals` groups of which a file may give one only
    (`reach` and the field that it stands for). Raises UsageError for a `--map` or `--set` that names no field.
    """

    def __init__(
        self,
        known: Iterable[str],
        aliases: Mapping[str, str],
        naming: Naming,
        rivals: Sequence[frozenset[str]] = (),
    ) -> None:
        self._known = dict.fromkeys(known)
        self._aliases = aliases
        self._rivals = rivals
        self._maps = {theirs: self._ours(ours, "--map") for theirs, ours in naming.maps.items()}
        self._constants = {self._ours(ours, "--set"): value for ours, value in naming.constants.items()}
        explicit = [*self._maps.values(), *self._constants]
        for ours in explicit:
            if explicit.count(ours) > 1:
                raise UsageError(f"{ours}: given more than once by --map and --set; accepted: one of them")
        self._explicit = frozenset(explicit)
        self._layouts: dict[tuple[str, ...], Layout] = {}

    def layout_of_header(self, header: Sequence[str]) -> Layout:
        """The layout of a file with a header, whose every `--map` must find its column.

        Raises UsageError for one that does not, and for two columns that give one field.
        """
        for theirs in self._maps:
            if theirs not in header:
                near = get_close_matches(theirs, header, n=1)
                meant = f" (did you mean {near[0]}?)" if near else ""
                raise UsageError(f"--map {theirs}: no such column in the file{meant}; it has {_listed(header)}")
        return self._layout(header, {name: place for place, name in enumerate(header) if name})

    def layout_of_keys(self, keys: tuple[str, ...]) -> Layout:
        """The layout of objects with these keys. Raises UsageError for two that give one field."""
        found = self._layouts.get(keys)
        if found is None:
            found = self._layout(keys, {name: name for name in keys})
            if len(self._layouts) < _LAYOUTS_KEPT:
                self._layouts[keys] = found
        return found

    def _layout(self, names: Sequence[str], places: Mapping[str, Any]) -> Layout:
        columns: dict[str, str] = {}
        further = []
        for name in names:
            ours = self._field_of(name)
            if ours is None:
                if name and not self._beaten(name):
                    further.append(name)
            elif ours in columns or ours in self._constants:
                other = columns.get(ours, f"--set {ours}")
                raise UsageError(f"{ours}: given twice, by {excerpt(other)} and {excerpt(name)}; accepted: one column")
            else:
                columns[ours] = name
        self._refuse_rivals([*columns, *self._constants])
        return Layout(
            fields=tuple(columns),
            further=tuple(further),
            constants=self._constants,
            _columns=columns,
            _pick=_picker([places[name] for name in columns.values()]),
            _pick_further=_picker([places[name] for name in further]),
        )

    def _field_of(self, name: str) -> str | None:
        """The field that a column gives, None for none: by `--map`, else by its own name, else by an alias."""
        if name in self._maps:
            return self._maps[name]
        if name in self._known:
            return name
        alias = self._aliases.get(name)
        return None if alias in self._explicit else alias

    def _beaten(self, name: str) -> bool:
        """Whether the column is an alias that an explicit name beats: no field, and no further column either."""
        return self._aliases.get(name) in self._explicit

    def _refuse_rivals(self, given: Sequence[str]) -> None:
        for rivals in self._rivals:
            both = sorted(rivals.intersection(given))
            if len(both) > 1:
                raise UsageError(f"{' and '.join(both)} stand for one field; accepted: one of these columns")

    def _ours(self, name: str, option: str) -> str:
        ours = self._aliases.get(name, name)
        if ours not in self._known:
            near = get_close_matches(ours, list(self._known), n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise UsageError(f"{option}: no field {excerpt(name)}{meant}; accepted: {_listed(list(self._known))}")
        return ours


def naming(maps: Sequence[str], constants: Sequence[str]) -> Naming:
    """The options `--map THEIRS=OURS` and `--set OURS=VALUE`, read. Raises UsageError for what has not that shape."""
    found_maps: dict[str, str] = {}
    for text in maps:
        theirs, sign, ours = text.rpartition("=")
        if not (sign and theirs.strip() and ours.strip()):
            raise UsageError(f"--map {text}: accepted: --map THEIRS=OURS")
        if theirs.strip() in found_maps:
            raise UsageError(f"--map {theirs.strip()}: given twice; accepted: one field for a column")
        found_maps[theirs.strip()] = ours.strip()
    found_constants: dict[str, str] = {}
    for text in constants:
        ours, sign, value = text.partition("=")
        if not (sign and ours.strip()):
            raise UsageError(f"--set {text}: accepted: --set OURS=VALUE")
        if ours.strip() in found_constants:
            raise UsageError(f"--set {ours.strip()}: given twice; accepted: one value for a field")
        found_constants[ours.strip()] = value
    return Naming(found_maps, found_constants)


def _picker(places: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    if places:
        only = places[0]
        return lambda cells: (cells[only],)
    return lambda _cells: ()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 40} more" if len(names) > 40 else ""
    return ", ".join(excerpt(name) for name in names[:40]) + more
