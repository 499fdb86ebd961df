"""Topics a tenant starts with, until its own are discovered or written; data beside this file."""

from functools import cache
from pathlib import Path

import yaml

from analysis.analyzer import Topic


@cache
def default_topics() -> tuple[Topic, ...]:
    """The starting taxonomy of a SaaS support desk, in the order of the file."""
    listed = yaml.safe_load(Path(__file__).with_name("default.yaml").read_text(encoding="utf-8"))
    return tuple(Topic(name=topic["name"], description=topic["description"]) for topic in listed)
