"""A group whose commands are imported when they are called, so that each starts fast, and the list of them too."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import rich_click as click
from click.exceptions import NoSuchCommand

#: By panel and name: `module:attribute`, and the line that the list of commands shows.
Commands = Mapping[str, Mapping[str, tuple[str, str]]]


class DefaultGroup(click.RichGroup):
    """A group whose words, where they begin with none of its commands, go to the `default` one."""

    def __init__(self, *args: Any, default: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with the default command put first where none is named."""
        named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        if not named and not ctx.resilient_parsing:
            args = [self._default, *args]
        return super().parse_args(ctx, args)


class LazyGroup(click.RichGroup):
    """Looks like a group of all its commands; has only those that were called."""

    def __init__(self, *args: Any, lazy: Commands, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = {name: entry for commands in lazy.values() for name, entry in commands.items()}
        for title, commands in lazy.items():
            self.add_panel(click.RichCommandPanel(title, commands=list(commands)))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, in the order in which they were given."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command as far as lists need it; `None` for an unknown name."""
        return click.RichCommand(name=cmd_name, help=self._lazy[cmd_name][1]) if cmd_name in self._lazy else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments call for, imported."""
        if args and args[0] not in self._lazy and not ctx.resilient_parsing:
            raise NoSuchCommand(args[0], possibilities=self._lazy, ctx=ctx)
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.load(name) if name and command else command, rest

    def load(self, name: str) -> click.Command:
        """Import a command."""
        module, _, attribute = self._lazy[name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command
