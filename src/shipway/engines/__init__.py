"""Engines run workloads: the port in `engine.py`, a real adapter in `docker/`, a fake beside them."""
