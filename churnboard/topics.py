"""What tickets are sorted by: the draft of a tenant's taxonomy, and the versions that were shipped."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from churnboard.shared import app, console, installation, settings
from core.vocabulary import TopicEditKind

if TYPE_CHECKING:
    from core.installation import Installation

topics_app = typer.Typer(no_args_is_help=True, help="What a tenant's tickets are sorted by, and what people teach.")
rule_app = typer.Typer(no_args_is_help=True, help="What whoever sorts tickets is told, in a person's words.")
topics_app.add_typer(rule_app, name="rule")
app.add_typer(topics_app, name="topics")

Tenant = Annotated[str, typer.Argument(help="Tenant slug.")]
Name = Annotated[str, typer.Argument(help="The topic.")]


@topics_app.command("list")
def list_topics(tenant: Tenant) -> None:
    """The draft: its topics under those they are part of, archived ones last; what is not shipped yet is listed below."""
    draft = _place(tenant).topics.draft(tenant)
    table = Table("topic", "what belongs in it", "")
    topics = sorted(draft.content.topics, key=lambda one: (not one.is_active, one.name))
    tops = [one for one in topics if one.parent is None or not one.is_active]
    for top in tops:
        table.add_row(escape(top.name), escape(top.description), "" if top.is_active else "[dim]archived[/dim]")
        for below in draft.content.children(top.name) if top.is_active else ():
            table.add_row(f"  {escape(below.name)}", escape(below.description), "")
    console.print(table)
    version = f"version {draft.base.version}" if draft.base else "no version yet"
    console.print(f"{len(draft.content.rules)} rules, {len(draft.content.examples)} examples; in force is {version}.")
    for one in draft.edits:
        console.print(f"  not shipped: {one.edit}, by {one.edit.author}", markup=False, highlight=False)


@topics_app.command("add")
def add_topic(
    tenant: Tenant,
    name: Name,
    description: Annotated[str, typer.Option(help="What belongs in it, in the words customers use.")] = "",
    parent: Annotated[str | None, typer.Option(help="The topic it is part of.")] = None,
) -> None:
    """Add a topic to the draft."""
    _edit(tenant, TopicEditKind.ADD, name=name, description=description, parent=parent)


@topics_app.command("edit")
def describe_topic(
    tenant: Tenant, name: Name, description: Annotated[str, typer.Option(help="What belongs in it.")]
) -> None:
    """Describe a topic anew; its tickets are to be read again afterwards."""
    _edit(tenant, TopicEditKind.DESCRIBE, name=name, description=description)


@topics_app.command("rename")
def rename_topic(tenant: Tenant, name: Name, to: Annotated[str, typer.Argument(help="Its new name.")]) -> None:
    """Give a topic another name; its tickets follow without being read again."""
    _edit(tenant, TopicEditKind.RENAME, name=name, to=to)


@topics_app.command("merge")
def merge_topics(
    tenant: Tenant,
    name: Name,
    into: Annotated[str, typer.Argument(help="The topic that remains.")],
    description: Annotated[str, typer.Option(help="What belongs in it; both descriptions unless given.")] = "",
) -> None:
    """Make two topics one; their tickets follow without being read again."""
    _edit(tenant, TopicEditKind.MERGE, name=name, into=into, description=description)


@topics_app.command("split")
def split_topic(
    tenant: Tenant,
    name: Name,
    into: Annotated[list[str], typer.Argument(help="The new topics, as NAME or 'NAME: description'.")],
    keep: Annotated[bool, typer.Option("--keep", help="Keep the topic, as the parent of the new ones.")] = False,
) -> None:
    """Divide a topic in two or more; its tickets are to be read again afterwards."""
    parts = []
    for one in into:
        part, _, description = one.partition(":")
        parts.append({"name": part.strip(), "description": description.strip()})
    _edit(tenant, TopicEditKind.SPLIT, name=name, into=parts, is_kept=keep)


@topics_app.command("archive")
def archive_topic(tenant: Tenant, name: Name) -> None:
    """Sort no more tickets into a topic; those that were count as none until it is restored, or they are read again."""
    _edit(tenant, TopicEditKind.ARCHIVE, name=name)


@topics_app.command("restore")
def restore_topic(tenant: Tenant, name: Name) -> None:
    """Take an archived topic up again."""
    _edit(tenant, TopicEditKind.RESTORE, name=name)


@topics_app.command("move")
def move_topic(
    tenant: Tenant,
    name: Name,
    under: Annotated[str | None, typer.Option(help="The topic it becomes part of; to the top unless given.")] = None,
) -> None:
    """Put a topic under another, or back to the top; there are two levels."""
    _edit(tenant, TopicEditKind.MOVE, name=name, parent=under)


@topics_app.command("undo")
def undo(
    tenant: Tenant, every: Annotated[bool, typer.Option("--all", help="All that is not shipped.")] = False
) -> None:
    """Take back the last edit of the draft."""
    undone = _place(tenant).topics.undo(tenant, is_all=every)
    for one in undone:
        console.print(f"taken back: {one.edit}", markup=False, highlight=False)
    if not undone:
        console.print(f"The draft of {tenant} has no edits.")


@rule_app.command("add")
def add_rule(
    tenant: Tenant,
    text: Annotated[str, typer.Argument(help="The rule, as you would tell a new colleague.")],
    topic: Annotated[str | None, typer.Option(help="The topic it is about; all unless given.")] = None,
    example: Annotated[str, typer.Option(help="A passage it was written for.")] = "",
) -> None:
    """Add a rule to the draft."""
    _edit(tenant, TopicEditKind.ADD_RULE, text=text, topic=topic, example=example)


@rule_app.command("change")
def change_rule(
    tenant: Tenant,
    rule: Annotated[int, typer.Argument(help="Its number.")],
    text: Annotated[str, typer.Argument(help="What it says now.")],
    topic: Annotated[str | None, typer.Option(help="The topic it is about; all unless given.")] = None,
    example: Annotated[str, typer.Option(help="A passage it was written for.")] = "",
) -> None:
    """Put a rule of the draft in other words."""
    _edit(tenant, TopicEditKind.CHANGE_RULE, rule_id=rule, text=text, topic=topic, example=example)


@rule_app.command("list")
def list_rules(tenant: Tenant) -> None:
    """The rules of the draft."""
    content = _place(tenant).topics.draft(tenant).content
    table = Table("rule", "about", "says", "for instance", "by")
    for rule in content.rules:
        is_silent = rule not in content.active_rules
        about = escape(rule.topic or "all topics") + (" [dim](archived)[/dim]" if is_silent else "")
        table.add_row(str(rule.rule_id), about, escape(rule.text), escape(rule.example), rule.author)
    console.print(table)


@rule_app.command("remove")
def remove_rule(tenant: Tenant, rule: Annotated[int, typer.Argument(help="Its number.")]) -> None:
    """Take a rule out of the draft."""
    _edit(tenant, TopicEditKind.REMOVE_RULE, rule_id=rule)


@topics_app.command("versions")
def list_versions(tenant: Tenant) -> None:
    """Every version that was shipped, newest first."""
    table = Table("version", "shipped", "by", "topics", "rules", "examples", "", "note")
    for one in reversed(_place(tenant).topics.versions(tenant)):
        counts = (str(len(one.content.active)), str(len(one.content.active_rules)), str(len(one.content.examples)))
        said = "names only" if one.is_relabelling else ""
        table.add_row(str(one.version), f"{one.shipped_at:%Y-%m-%d %H:%M} UTC", one.author, *counts, said, one.note)
    console.print(table)


@topics_app.command("diff")
def diff_versions(
    tenant: Tenant,
    older: Annotated[int | None, typer.Argument(help="A version; the one in force unless given.")] = None,
    newer: Annotated[int | None, typer.Argument(help="Another; the draft unless given.")] = None,
) -> None:
    """What was changed between two versions, or since one of them in the draft."""
    from core.topics.diff import differences

    topics = _place(tenant).topics
    draft = topics.draft(tenant)
    base = draft.base.version if draft.base else 0
    before = topics.version(tenant, older or base).content
    after = topics.version(tenant, newer).content if newer else topics.candidate(tenant).content
    table = Table("", "what", "before", "after")
    found = differences(before, after)
    for one in found:
        table.add_row(one.kind, *map(escape, (one.what, one.before, one.after)))
    console.print(table if found else "Nothing was changed.")


@topics_app.command("rollback")
def rollback(tenant: Tenant, version: Annotated[int, typer.Argument(help="The version to go back to.")]) -> None:
    """Put an older version in force again; what was read with it costs nothing to show again."""
    new = _place(tenant).topics.rollback(tenant, version, author=getpass.getuser())
    console.print(
        f"Version {version} of {tenant}'s topics is in force again, as version {new.version}. "
        f"It counts from the next load on; `churnboard topics retag {tenant}` does it now."
    )


def _edit(tenant: str, kind: TopicEditKind, **details: Any) -> None:
    topics = _place(tenant).topics
    topics.edit(tenant, kind, author=getpass.getuser(), **details)
    count = len(topics.draft(tenant).edits)
    console.print(
        f"Done in the draft, which has {count} edits now. `churnboard topics ship {tenant}` puts it in force."
    )


def _place(tenant: str) -> "Installation":
    """The stores, once it is sure that there is such a tenant."""
    place = installation(settings())
    place.directory.tenant(tenant)
    return place
