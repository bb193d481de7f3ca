"""Boards: ranks, kept values, days in the past, exports."""
