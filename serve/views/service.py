"""What a person does to views, with failures told in the API's own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.views import ForeignView, TooManyViews, UnknownView, View, ViewNameTaken
from core.vocabulary import Role
from serve.auth.dependencies import Caller
from serve.errors import Conflict, Forbidden, NotFound, Unprocessable
from serve.views.schemas import NewView


class ViewNotFound(NotFound):
    """There is no such view, or it is somebody else's own."""


class NotYourView(Forbidden):
    """The view is shared, but somebody else's to change."""


class NameTaken(Conflict):
    """You have a view of that name."""


class ViewLimitReached(Unprocessable):
    """You keep as many views as you may."""


def seen(caller: Caller) -> list[dict[str, Any]]:
    """The caller's own views and those that are shared."""
    with caller.session() as session:
        return session.saved_views(caller.user.subject)


def add(caller: Caller, wanted: NewView) -> dict[str, Any]:
    """Keep a view.

    Raises:
        NameTaken, ViewLimitReached: As they say; nothing was kept.
    """
    with _in_our_words():
        view_id = caller.writer.views.add(_view(wanted), owner=caller.user.subject)
    return _of(caller, view_id)


def change(caller: Caller, view_id: str, wanted: NewView) -> dict[str, Any]:
    """Replace a view.

    Raises:
        ViewNotFound, NotYourView, NameTaken: As they say; nothing was changed.
    """
    with _in_our_words():
        caller.writer.views.change(view_id, _view(wanted), by=caller.user.subject, is_admin=_is_admin(caller))
    return _of(caller, view_id)


def remove(caller: Caller, view_id: str) -> None:
    """Delete a view.

    Raises:
        ViewNotFound, NotYourView: As they say; nothing was deleted.
    """
    with _in_our_words():
        caller.writer.views.remove(view_id, by=caller.user.subject, is_admin=_is_admin(caller))


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except UnknownView as error:
        raise ViewNotFound(str(error)) from error
    except ForeignView as error:
        raise NotYourView(str(error)) from error
    except ViewNameTaken as error:
        raise NameTaken(str(error)) from error
    except TooManyViews as error:
        raise ViewLimitReached(str(error)) from error


def _is_admin(caller: Caller) -> bool:
    return caller.user.role is Role.ADMIN


def _view(wanted: NewView) -> View:
    return View(name=wanted.name, is_shared=wanted.is_shared, query=wanted.query.model_dump(mode="json"))


def _of(caller: Caller, view_id: str) -> dict[str, Any]:
    return next(view for view in seen(caller) if view["view_id"] == view_id)
