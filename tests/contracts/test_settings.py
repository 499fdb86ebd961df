"""Every setting is documented, with the default it has."""

import ast
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from core.settings import Settings, UnsafeSettings, groups

SOURCE = Path(__file__).parents[2] / "core" / "settings.py"
EXAMPLE = Path(__file__).parents[2] / ".env.example"


def example() -> dict[str, str]:
    lines = [line for line in EXAMPLE.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_the_example_lists_every_setting_and_no_other() -> None:
    assert set(example()) == {name.upper() for group in groups() for name in group.model_fields}


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATA_DIR")
    bare = Settings()
    for name, value in example().items():
        monkeypatch.setenv(name, value)
    assert Settings() == bare


def test_every_setting_has_a_sentence_below_it() -> None:
    for group in groups():
        [definition] = [
            node for node in ast.parse(SOURCE.read_text()).body if getattr(node, "name", "") == group.__name__
        ]
        assert isinstance(definition, ast.ClassDef)
        for field, below in pairwise(definition.body):
            if isinstance(field, ast.AnnAssign):
                assert isinstance(below, ast.Expr), ast.unparse(field)


def test_unsafe_defaults_are_refused_outside_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(UnsafeSettings, match=r"ENCRYPTION_KEY, AUTH_ISSUER, AUTH_JWKS_URL"):
        Settings()
    monkeypatch.setenv("ENCRYPTION_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("AUTH_ISSUER", "https://issuer.example")
    monkeypatch.setenv("AUTH_JWKS_URL", "https://issuer.example/keys")
    assert not Settings().is_local


def test_a_variable_named_like_a_group_means_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Settings()
    for group in Settings.model_fields:
        monkeypatch.setenv(group.upper(), "0")
    assert Settings() == bare
