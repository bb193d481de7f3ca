"""Runs on real input, where `COMMUNITY_REAL_INPUT` names its folder; `docs/real-input.md` says what came of it."""
