"""What the paths of contributions name: one of the visitor's own, and nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from community.contributions.queries import own
from community.contributions.queries.own import OwnRow
from community.kit.errors import NotFound
from community.kit.web.request import Request
from community.members.place import Place, place


@dataclass(frozen=True, slots=True)
class Own:
    """A contribution of the visitor's."""

    place: Place
    row: OwnRow

    @property
    def programme_id(self) -> int:
        """The id of the programme, for the gate."""
        return self.place.programme_id


async def own_contribution(request: Request[Any]) -> Own:
    """Loads the contribution that the path names. Raises NotFound for what is not the visitor's own."""
    here = await place(request)
    found = await own_of(request, here, str(request.path_params["id"]))
    if found is None:
        raise NotFound("no contribution of whoever asks")
    return Own(here, found)


async def own_of(request: Request[Any], here: Place, text: str) -> OwnRow | None:
    """One of the visitor's contributions by the text of its id; None where there is none."""
    wanted = key_of(text)
    return None if wanted is None else await own.own_one(request.connection, here.programme_id, here.own, wanted)


def key_of(text: str) -> UUID | None:
    """The UUID that a text is; None for any other text."""
    try:
        return UUID(text)
    except ValueError:
        return None
