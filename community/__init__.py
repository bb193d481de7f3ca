"""Community runs advocate programmes. The rooms, in the order the data walks through them:

kit            what knows no word of the domain: settings, database, unit of work, clock, errors, tables in and out
history        what happened, append-only
jobs           what must follow: rows written with what happened, claimed, run and finished once; the timetable
people         persons, sign-in, sessions, tokens, invitations, roles on units and programmes
programmes     units, programmes, the book and its numbered versions
members        who takes part: status, leave, attributes; the marks of those who were touched
ledger         entries: post, balance, the position
contributions  submit, review, price, caps, and the award that makes the ledger converge
intake         what comes in on a member's behalf: files
standings      metrics, requirements, decisions, proposals, at risk
leaderboards   boards, their values, ranks and exports
changes        what a new version of the book would do, and doing it
notices        messages: what records tell members and managers
home           what shows or checks many rooms at once: verify, the demonstration

A room imports only rooms above it in this list.
"""

__version__ = "0.1.0"
