"""Where members stand and why: metrics, requirements, decisions, proposals, at risk."""
