"""Every room's tables, for migrations and tests; nothing else."""

import community.contributions.models
import community.history.models
import community.leaderboards.models
import community.ledger.models
import community.members.models
import community.programmes.models
import community.standings.models
from community.kit.db import metadata

__all__ = ["metadata"]
