"""Jobs: what must follow, as rows written with what happened; claimed, run and finished exactly once."""
