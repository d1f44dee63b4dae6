"""The sandbox's school with Algebra copied: the same names, people and scores under ids of their own."""

from dataclasses import replace
from datetime import date

from gpb_pipeline.sandbox.district import CourseContent, District
from gpb_pipeline.sandbox.school import school
from gpb_pipeline.sandbox.sis_side import class_of

ORIGINAL, COPY = 1001, 1201
APART = (COPY - ORIGINAL) * 10_000  # ids of a course's records begin with the course's own


def district(today: date) -> District:
    """The school, and one course more; its sections are classes of their own in the SIS."""
    whole = school(today)
    copy = copy_of(whole.contents[ORIGINAL])
    classes = [class_of(copy.course, each, copy.enrollments, copy.people) for each in copy.sections]
    return replace(
        whole,
        courses={**whole.courses, COPY: copy.course},
        contents={**whole.contents, COPY: copy},
        sis=replace(whole.sis, classes={**whole.sis.classes, **{each.sourced_id: each for each in classes}}),
    )


def copy_of(content: CourseContent) -> CourseContent:
    """Make what Canvas's course copy makes, with the same students and scores entered again."""
    return replace(
        content,
        course=replace(content.course, id=COPY, code="ALG1B", sis_id="ALG1B-NOW"),
        sections=tuple(
            replace(each, id=each.id + APART, course_id=COPY, sis_id=f"{each.sis_id}-COPY")
            for each in content.sections
        ),
        enrollments=tuple(
            replace(each, id=each.id + APART, section_id=each.section_id + APART)
            for each in content.enrollments
        ),
        groups=tuple(replace(each, id=each.id + APART) for each in content.groups),
        assignments=tuple(
            replace(each, id=each.id + APART, group_id=each.group_id + APART) for each in content.assignments
        ),
        submissions={
            (assignment_id + APART, user_id): replace(each, assignment_id=each.assignment_id + APART)
            for (assignment_id, user_id), each in content.submissions.items()
        },
    )
