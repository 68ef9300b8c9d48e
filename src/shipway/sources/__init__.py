"""Sources bring code to this machine: the port in `source.py`, git, uploads."""
