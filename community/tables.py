"""Every room's tables, for migrations and tests; nothing else. Loading a room's models defines its tables."""

import community.contributions.models
import community.history.models
import community.home.demo.models
import community.jobs.models
import community.kit.mail.models
import community.kit.rates.models
import community.leaderboards.models
import community.ledger.models
import community.members.models
import community.notices.models
import community.people.models
import community.programmes.models
import community.standings.models  # noqa: F401 - as all above: loaded for what it defines
from community.kit.db import metadata

__all__ = ["metadata"]
