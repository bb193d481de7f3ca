"""The points ledger: entries are only ever added. It knows types and versions as keys only, and no tier."""
