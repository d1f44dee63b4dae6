"""Every field of every job's config, as Dagster's own schema names them, with what cannot be meant."""

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import dagster as dg
import pytest

from gpb_pipeline.definitions import defs
from gpb_pipeline_tests.orchestration.conftest import Dagster

NO_TEXT = ("a\nb", "\0", "  ", "\ud800", "x" * 100_000)
NOBODYS = ("\U0001f600", "' OR 1=1 --", "9" * 400, "../..")
NAMES = {"posted_by", "chosen_by"}
"""Whose any text may be."""


def fields_of(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The path of each field, and whether it takes a text, texts, or something else."""
    while kind.kind == dg._config.ConfigTypeKind.NONEABLE:
        kind = kind.inner_type
    if hasattr(kind, "fields"):
        for name, field in kind.fields.items():
            yield from fields_of(field.config_type, (*path, name))
    elif kind.kind == dg._config.ConfigTypeKind.ARRAY:
        if hasattr(kind.inner_type, "fields"):
            yield from fields_of(kind.inner_type, (*path, "*"))
        else:
            yield path, "texts"
    elif path:
        yield path, "text" if "String" in kind.key else "other"


def configured() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Each op that takes a config, once, by a job that has it: job, op, field, kind."""
    seen = set()
    jobs = defs.get_repository_def().get_all_jobs()
    for job in sorted(jobs, key=lambda each: each.name.startswith("__")):  # Dagster's own last
        for node in job.graph.nodes:
            schema = node.definition.config_schema
            if node.definition.name not in seen and schema is not None and schema.config_type is not None:
                seen.add(node.definition.name)
                for path, kind in fields_of(schema.config_type):
                    yield job.name, node.name, path, kind


FIELDS = list(configured())


def config(path: tuple[str, ...], value: object) -> dict[str, Any]:
    """A config with one field; a field of a list's entries brings the entry's others."""
    if "*" not in path:
        return {path[0]: value}
    return {"course_id": "1001", path[0]: [{"group_id": "1", "section_id": "1"} | {path[-1]: value}]}


def launch(
    dagster: Dagster, job: str, op: str, given: dict[str, Any], tags: dict[str, str] | None = None
) -> dg.ExecuteInProcessResult:
    return defs.resolve_job_def(job).execute_in_process(
        instance=dagster.instance,
        run_config={"ops": {op: {"config": given}}},
        raise_on_error=False,
        tags=tags,
    )


def told(result: dg.ExecuteInProcessResult) -> str:
    """What the run says of its failure; that of a fault of ours is no Failure and has no words of its own."""
    [failure] = [each for each in result.all_events if each.is_step_failure]
    error = failure.step_failure_data.error
    assert error is not None
    assert error.cls_name == "Failure", error.message
    user = failure.step_failure_data.user_failure_data
    return str(user.description if user else error.message)


def test_what_is_of_the_wrong_kind_is_refused_before_a_run_begins() -> None:
    for job, op, path, _ in FIELDS:
        for value in ({"no": "such"}, 1.5):
            given = {"ops": {op: {"config": config(path, value)}}}
            with pytest.raises(dg.DagsterInvalidConfigError) as wrong:
                dg.validate_run_config(defs.resolve_job_def(job), given)
            assert path[-1] in str(wrong.value)


def test_what_is_no_text_fails_the_run_in_one_line_that_names_the_field(dagster: Dagster) -> None:
    values = cycle(NO_TEXT)
    for job, op, path, kind in FIELDS:
        for value in [next(values), next(values)] if kind != "other" else []:
            given = config(path, [value] if kind == "texts" else value)
            line = told(launch(dagster, job, op, given))
            assert line.startswith(f"{path[-1]}: ")
            assert "\n" not in line
            assert value not in line
    assert {kind for *_, kind in FIELDS} == {"text", "texts", "other"}
    assert len(FIELDS) > 20


@pytest.mark.usefixtures("school")
def test_what_nobody_has_fails_the_run_in_a_line_a_course(dagster: Dagster) -> None:
    values = cycle(NOBODYS)
    for job, op, path, kind in FIELDS:
        if kind == "other" or path[-1] in NAMES:
            continue
        value = next(values)
        given = config(path, [value] if kind == "texts" else value)
        result = launch(dagster, job, op, given)
        if not result.success:
            lines = told(result).splitlines()
            assert len(lines) <= 2, path  # of courses that could not be read, a line each and their count
            assert max(map(len, lines)) < 1_000


ROW = {"group_id": "100111", "section_id": "100101"}


@pytest.mark.usefixtures("school")
@pytest.mark.parametrize(
    ("job", "op", "given", "tags", "named"),
    [
        ("reconcile", "compare_with_sis", {"nightly": True, "mend": ["not_sent"]}, {}, "mend"),
        ("reconcile", "compare_with_sis", {"until": "2026-11-25T05:00-05:00"}, {}, "until"),
        ("reconcile", "compare_with_sis", {"mend": ["gone"]}, {}, "mend"),
        ("retract", "take_back", {"course_id": "1001", "causes": ["gone"]}, {}, "causes"),
        (
            "grade_sync",
            "grade_passback",
            {"course_ids": ["7"]},
            {"gpb/posted_by": "a\nb"},
            "tag gpb/posted_by",
        ),
        (
            "sync_sis_categories",
            "sync_categories",
            {"course_id": "1001", "edits": [ROW | {"category_id": each} for each in ("a", "b")]},
            {},
            "edits",
        ),
    ],
)
def test_what_contradicts_itself_fails_the_run_in_one_line_that_names_the_field(
    dagster: Dagster, job: str, op: str, given: dict[str, Any], tags: dict[str, str], named: str
) -> None:
    line = told(launch(dagster, job, op, given, tags))
    assert line.startswith(f"{named}: ")
    assert "\n" not in line
