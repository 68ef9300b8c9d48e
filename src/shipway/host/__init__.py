"""What a machine needs before Shipway can run on it: see what is missing, say so, install it, start the engine.

`python -m shipway.host setup --for demo` reads top to bottom: `setup` looks at the machine (`look`), decides as data
(`needs`, `plan`), announces, and only then acts (`apt`, `engine`). Run again on a ready machine it changes nothing.
"""
