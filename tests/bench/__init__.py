"""Benches: every figure of the engine's speed and memory beside a bound measured in the same run.

`python -m tests.bench` generates a data set inside the database, keeps it as a template for the next time, measures,
and prints a table. dataset, digest and generate make the data; figures measures and prints; ladder, prompt, importing
and boards are what is measured; plainly is the ladder written by hand, as SQL and as one ORM query a requirement.
"""
