"""What every admin page refuses with a sentence instead of an error page."""

import pytest
from django.core.exceptions import ValidationError

from team.admin_base import GuardedJSONField, search_is_too_much


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        "1e999",
        '{"a": -1e999}',
        "[" * 100_000,
        '"' + "x" * 100_001 + '"',
        r'"\u0000"',
        r'{"\ud800": 1}',
        r'["\ud800"]',
        "{",
        "'a'",
    ],
)
def test_json_that_a_database_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        GuardedJSONField().clean(text)
    sentence = refused.value.messages[0]
    assert any(part in sentence for part in ("valid JSON", "100,000", "cannot be stored"))


def test_json_that_it_can_hold_is_taken() -> None:
    assert GuardedJSONField().clean('{"a": ["Ü\\n🦾", 1.5, null, true]}') == {
        "a": ["Ü\n🦾", 1.5, None, True]
    }


@pytest.mark.parametrize("text", ["", "acme", "x" * 200, "a b c d e f g h"])
def test_a_search_that_a_person_types_is_fine(text: str) -> None:
    assert not search_is_too_much(text)


@pytest.mark.parametrize("text", ["x" * 201, "a b c d e f g h i", "x" * 100_000])
def test_a_search_that_no_person_types_is_too_much(text: str) -> None:
    assert search_is_too_much(text)
