"""Ids: the same for the same thing, different for any other."""

from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.passback.holdings.identity import line_item_id, result_id

parts = st.text(max_size=8)


def test_an_id_never_changes_between_versions() -> None:
    assert line_item_id("district", "C1", "101", "501") == "0190ee0a-d759-5988-8d06-f15cb52f8161"
    assert result_id("district", "C1", "101", "501", "A") == "b5a348ab-8625-5cfc-acbb-53a762535183"


@given(st.tuples(parts, parts, parts, parts), st.tuples(parts, parts, parts, parts))
def test_two_ids_are_equal_only_where_all_their_parts_are(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    assert (line_item_id(*one) == line_item_id(*other)) == (one == other)


@given(parts, parts, parts, parts, parts)
def test_a_result_is_never_taken_for_a_line_item(a: str, b: str, c: str, d: str, e: str) -> None:
    assert result_id(a, b, c, d, e) != line_item_id(a, b, c, d)
