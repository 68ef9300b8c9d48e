"""Routers bring requests to instances: the port in `router.py`, the pure table in `table.py`, HAProxy, a fake."""
