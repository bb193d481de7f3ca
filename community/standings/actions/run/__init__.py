"""Evaluating everybody on a day, or those who were touched (rulebook, section 6, When).

A run over everybody goes through ranges of member ids on several connections. Each range asks the database who needs a
closer look; only those are locked, read again, decided and written, in one transaction. So a range may be repeated,
and a run that died half way is taken up by running it again: it decides nothing twice.
"""

from community.standings.actions.run.judge import decide_about, judge, outcome_of
from community.standings.actions.run.pieces import (
    LOOKED_AT_ONCE,
    close_run,
    decide,
    look_for,
    open_run,
    resume,
    touched_once,
)
from community.standings.actions.run.task import BY_RULES, Prompt, Report, Task
from community.standings.actions.run.whole import Progress, evaluate_range, make_up, refresh
from community.standings.queries.runs import known_at_end_of, missing_days

__all__ = [
    "BY_RULES",
    "LOOKED_AT_ONCE",
    "Progress",
    "Prompt",
    "Report",
    "Task",
    "close_run",
    "decide",
    "decide_about",
    "evaluate_range",
    "judge",
    "known_at_end_of",
    "look_for",
    "make_up",
    "missing_days",
    "open_run",
    "outcome_of",
    "refresh",
    "resume",
    "touched_once",
]
