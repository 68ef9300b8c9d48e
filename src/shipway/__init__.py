"""Shipway: a repository or an image becomes a running, routed, healthy service."""

__version__ = "0.1.0"
