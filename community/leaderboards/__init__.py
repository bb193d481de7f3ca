"""Boards: values, ranks and exports."""
