"""`python -m shipway.host setup --for demo|test`; the other two commands are its parts that need root."""

import argparse
import sys
from typing import get_args

from shipway.domain.errors import ShipwayError
from shipway.host import apt, engine
from shipway.host.needs import Purpose
from shipway.host.output import complain
from shipway.host.setup import set_up


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0, or 1 with what is wrong and what to do about it."""
    asked = _parser().parse_args(arguments)
    try:
        match asked.command:
            case "setup":
                set_up(asked.purpose)
            case "install":
                apt.install(asked.package)
            case "start-engine":
                engine.start()
    except ShipwayError as error:
        for line in (*error.message.splitlines(), *error.hint.splitlines()):
            complain(line)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shipway.host", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="install what is missing, start an engine if none runs")
    setup.add_argument("--for", dest="purpose", choices=get_args(Purpose), default="demo", help="what it is for")
    install = commands.add_parser("install", help="install Debian packages without starting their services (root)")
    install.add_argument("package", nargs="+")
    commands.add_parser("start-engine", help="start the installed Docker engine and wait for it (root)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
