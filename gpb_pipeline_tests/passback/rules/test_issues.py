"""The catalogue: complete, in order, and in sentences."""

from gpb_pipeline.passback.rules.issues import CATALOGUE, Code


def test_every_code_has_its_entry_in_the_order_of_precedence() -> None:
    assert list(CATALOGUE) == list(Code)


def test_causes_and_remedies_are_sentences() -> None:
    for issue in CATALOGUE.values():
        for sentence in (issue.cause, issue.remedy):
            assert sentence[0].isupper()
            assert sentence.endswith(".")
