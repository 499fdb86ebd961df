"""API keys and the secrets of links."""

from hypothesis import given
from hypothesis import strategies as st

from core.people.secrets import KEY_MARK, hash_of, is_hash_of, new_key, new_secret, prefix_of


def test_a_key_is_found_by_its_prefix_and_known_by_its_hash() -> None:
    keys = [new_key() for _ in range(200)]
    assert len({key.prefix for key in keys}) == len({key.key for key in keys}) == 200
    for key in keys:
        assert prefix_of(key.key) == key.prefix
        assert is_hash_of(key.key, hash_of(key.key))
        assert key.prefix not in hash_of(key.key)
        assert key.key not in repr(key)


@given(st.one_of(st.text(max_size=80), st.text(max_size=60).map(lambda tail: f"{KEY_MARK}{tail}")))
def test_whatever_else_is_sent_is_no_key(text: str) -> None:
    assert prefix_of(text) is None
    assert not is_hash_of(text, hash_of(new_secret()))
