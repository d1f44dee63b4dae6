"""Ids and hashes: the same for the same thing, different for any other."""

from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.passback.holdings.identity import line_item_id, payload_hash, result_id

parts = st.text(max_size=8)


def test_an_id_never_changes_between_versions() -> None:
    assert line_item_id("district", "101", "501") == "94b19e1d-c395-5eed-ac28-76b7063d3e71"


@given(st.tuples(parts, parts, parts), st.tuples(parts, parts, parts))
def test_two_ids_are_equal_only_where_all_their_parts_are(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert (line_item_id(*one) == line_item_id(*other)) == (one == other)


@given(parts, parts, parts, parts)
def test_a_result_is_never_taken_for_a_line_item(a: str, b: str, c: str, d: str) -> None:
    assert result_id(a, b, c, d) != line_item_id(a, b, c)


def test_a_hash_goes_by_meaning() -> None:
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert payload_hash(8) == payload_hash(8.0)
    assert payload_hash(noon) == payload_hash(noon.astimezone(timezone(timedelta(hours=-6))))
    assert payload_hash(float("nan")) == payload_hash(None)
    assert payload_hash(pd.NaT) == payload_hash(None)  # type: ignore[arg-type]  # what a frame of times holds
    assert payload_hash(0.0) != payload_hash(None)
    assert payload_hash("a", "b") != payload_hash("ab", "")
