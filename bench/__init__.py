"""Repeatable measurements, each a command: `.venv/bin/python -m bench.NAME`. Figures are ratios or counts of one run."""
