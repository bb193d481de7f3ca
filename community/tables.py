"""Every room's tables, for migrations and tests; nothing else."""

from community.kit.db import metadata

__all__ = ["metadata"]
