"""How a revision becomes a running service. Read `pipeline.py` first."""
