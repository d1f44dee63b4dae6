"""The counts that a job is remembered by (docs/decisions.md §8.11)."""

from gpb_pipeline.passback.rows.counts import Counts, Extracted, WriteCounts
from gpb_pipeline_tests.passback.courses import School, assignment, scored, student, two_sections, unscored
from gpb_pipeline_tests.passback.syncs import Sis, planned, posted, synced


def test_a_first_sync_counts_line_items_by_section_and_assignments_once() -> None:
    counts = Counts.of(posted(planned(two_sections())))
    assert counts == Counts(
        assignments=1,
        line_items=WriteCounts(sent=2, created=2),
        results=WriteCounts(sent=2, created=2),
        withdrawn=0,
        filtered=Extracted(sections=2, assignments=1, grades=2),
        extracted=Extracted(sections=2, assignments=1, grades=2),
    )


def test_failed_rows_are_sent_and_not_created() -> None:
    refusing = Sis(refuses=frozenset({("1", "10")}))
    counts = Counts.of(posted(planned(two_sections()), refusing))
    assert counts.line_items.summary() == {"sent": 2, "created": 1, "percent": 50.0}
    assert counts.results == WriteCounts(sent=2, created=1)


def test_what_the_look_up_told_counts_as_failed_too() -> None:
    counts = Counts.of(posted(planned(two_sections(unknown_classes=frozenset({"C2"})))))
    assert counts.line_items == counts.results == WriteCounts(sent=2, created=1)
    assert counts.assignments == 1


def test_skipped_rows_are_extracted_and_not_kept() -> None:
    school = School(
        students=[student("a"), student("b")],
        assignments=[assignment("10"), assignment("11", due_at=None)],
        submissions=[scored(8, "a"), scored(8, "b", posted_at=None), scored(8, "a", "11")],
    )
    counts = Counts.of(posted(planned(school)))
    assert counts.extracted == Extracted(sections=1, assignments=2, grades=3)
    assert counts.filtered == Extracted(sections=1, assignments=1, grades=1)
    assert counts.results == WriteCounts(sent=1, created=1)


def test_an_unchanged_course_keeps_all_and_sends_nothing() -> None:
    counts = Counts.of(posted(planned(two_sections(), synced(two_sections()))))
    assert counts.filtered == Extracted(sections=2, assignments=1, grades=2)
    assert counts.results.summary() == {"sent": 0, "created": 0, "percent": None}


def test_withdrawals_are_counted_apart() -> None:
    school = two_sections(submissions=[unscored("a"), scored(9, "b")])
    counts = Counts.of(posted(planned(school, synced(two_sections()))))
    assert (counts.withdrawn, counts.results) == (1, WriteCounts(sent=0, created=0))


def test_a_student_in_two_sections_is_one_grade_and_two_results() -> None:
    school = two_sections(students=[student("a", "1"), student("a", "2")], submissions=[scored(8, "a")])
    counts = Counts.of(posted(planned(school)))
    assert (counts.results, counts.filtered.grades) == (WriteCounts(sent=2, created=2), 1)


def test_thirds_are_rounded_to_a_tenth() -> None:
    assert WriteCounts(sent=3, created=2).summary()["percent"] == 66.7
