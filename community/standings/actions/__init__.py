"""The verbs on standings: evaluate members, run over everybody, and what managers do by hand."""
