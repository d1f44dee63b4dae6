"""The catalogue: complete, in order, and in sentences."""

from hypothesis import given
from hypothesis import strategies as st

from gpb_pipeline.passback.issues import CATALOGUE, Code, first


def test_every_code_has_its_entry_in_the_order_of_precedence() -> None:
    assert list(CATALOGUE) == list(Code)


def test_causes_and_remedies_are_sentences() -> None:
    for issue in CATALOGUE.values():
        for sentence in (issue.cause, issue.remedy):
            assert sentence[0].isupper()
            assert sentence.endswith(".")


@given(st.sets(st.sampled_from(Code), min_size=1))
def test_a_row_carries_the_first_of_its_causes(codes: set[Code]) -> None:
    assert first(codes) == min(codes, key=list(Code).index)
