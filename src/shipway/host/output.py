"""The voice of the set-up: what it is doing, on standard output, at once."""


def say(line: str) -> None:
    """Announce the next thing that is done."""
    print(f"-----> {line}", flush=True)


def note(line: str) -> None:
    """Add a detail to what was announced."""
    print(f"       {line}", flush=True)


def complain(line: str) -> None:
    """Tell what is wrong, in the same column."""
    print(f" !     {line}", flush=True)
