"""A book as people read it, in the language at work: requirements, prices and caps (rulebook, sections 3 to 5).

`programmes.words` says the same in English for the command line and logs. What is said here is rendered from the book
each time, so that it is never out of date.
"""

from community.programmes.said.names import either, signed, window_said
from community.programmes.said.prices import PricesSaid
from community.programmes.said.requirements import Clause, RequirementsSaid

__all__ = ["BookSaid", "Clause", "either", "signed", "window_said"]


class BookSaid(RequirementsSaid, PricesSaid):
    """A book in the language at work."""
