"""What every command stands on: the application itself, the terminal, the settings, the installation.

A command imports what it needs when it runs, so `--help` is instant.
"""

from typing import TYPE_CHECKING

import typer
from pydantic import ValidationError
from rich.console import Console

if TYPE_CHECKING:
    from core.installation import Installation
    from core.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Which customers are about to leave, and the proof.")
console = Console()


def settings() -> "Settings":
    """The settings as the environment and `.env` have them.

    Raises:
        typer.BadParameter: One of them cannot be used.
    """
    from core.settings import Settings

    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors())
        raise typer.BadParameter(f"A setting cannot be used: {wrong}. See .env.example.") from error


def installation(chosen: "Settings") -> "Installation":
    """The stores these settings name."""
    from core.installation import Installation

    return Installation(chosen)


def configure_logging(level: str | None = None) -> None:
    """Log for people or for machines, as the settings say, from `level` on."""
    from core.logging import configure_logging as configure

    chosen = settings()
    configure(as_json=not chosen.is_local, level=level or chosen.runtime.log_level)
