"""HAProxy, driven through its runtime API. Read `router.py` first; `state.py` says how a request finds its way."""
