"""The dashboard: pages rendered on the server, three small scripts, no build tool. `app.py` has the map of its pages."""
