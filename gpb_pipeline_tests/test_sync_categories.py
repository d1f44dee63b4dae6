"""Sync SIS Categories against the sandbox's Canvas and SIS and a real warehouse."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests

from gpb_pipeline.canvas.client import CanvasClient, NotFoundError
from gpb_pipeline.errors import UsageError
from gpb_pipeline.passback.categories.csv_file import CsvLine
from gpb_pipeline.passback.categories.edits import Edit
from gpb_pipeline.passback.categories.window import CategoryList, Label, SectionCategory
from gpb_pipeline.sandbox.serve import Sandbox, running_sandbox
from gpb_pipeline.settings import CanvasSettings, SisSettings, WarehouseSettings
from gpb_pipeline.sis.client import OneRosterClient
from gpb_pipeline.sync_categories import CategorySync, PendingEdits, Saved
from gpb_pipeline.warehouse import category_choices, ducklake, tables
from gpb_pipeline.warehouse.ducklake import Connection, Warehouse

HISTORY = "1004"
NOON = datetime(2026, 11, 24, 17, tzinfo=UTC)
OTHERS = {"vendor": {"id": 9}, "sistemic": {"other": True}}


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with running_sandbox(today=date(2026, 11, 24)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("lake")
    settings = WarehouseSettings(
        catalog=f"sqlite:{folder / 'catalog.sqlite'}", data_path=str(folder / "data")
    )
    with ducklake.connect(settings, tables.create) as opened:
        yield opened


@pytest.fixture
def warehouse(lake: Warehouse) -> Warehouse:
    """One without a choice; opening another for each test would take most of the tests' time."""
    lake.commit(_forget_choices)
    return lake


def _forget_choices(session: Connection) -> None:
    session.execute(f"DELETE FROM {tables.CATEGORY_CHOICES.qualified}")  # noqa: S608


class District:
    """Sync SIS Categories of the sandbox, with one Canvas token."""

    def __init__(self, sandbox: Sandbox, warehouse: Warehouse, token: str = "sandbox-canvas-token") -> None:
        given = sandbox.environment
        canvas = CanvasSettings(base_url=given["CANVAS_BASE_URL"], api_token=token, account_id="12")
        sis = SisSettings(
            base_url=given["SIS_BASE_URL"],
            client_id=given["SIS_CLIENT_ID"],
            client_secret=given["SIS_CLIENT_SECRET"],
            token_url=given["SIS_TOKEN_URL"],
            dialect=given.get("SIS_DIALECT", "oneroster-1.1"),
            class_match="identifier" if "SIS_CLASS_MATCH" in given else "sourcedId",
        )
        self.canvas, self.sis = CanvasClient(canvas), OneRosterClient(sis)
        self.sync = CategorySync(self.canvas, self.sis, warehouse)

    def __enter__(self) -> "District":
        return self

    def __exit__(self, *_: object) -> None:
        self.canvas.__exit__()
        self.sis.close()

    def choose(self, *chosen: tuple[str, str, str | None]) -> Saved:
        """Save a choice each of group name, SIS section id and category id; first what it means in ids."""
        listed = self.sync.course(HISTORY)
        edits = tuple(edit_of(listed, *each) for each in chosen)
        [saved] = self.sync.save([PendingEdits(listed=listed, edits=edits)], by="A. Admin", at=NOON)
        return saved


@pytest.fixture
def district(sandbox: Sandbox, warehouse: Warehouse) -> Iterator[District]:
    with District(sandbox, warehouse) as opened:
        yield opened


def edit_of(listed: CategoryList, group: str, sis_section_id: str, category_id: str | None) -> Edit:
    [group_id] = [each.group_id for each in listed.groups if each.group_name == group]
    [section_id] = [each.section_id for each in listed.sections if each.sis_section_id == sis_section_id]
    return Edit(group_id=group_id, section_id=section_id, category_id=category_id)


def rows(listed: CategoryList) -> dict[tuple[str, str], SectionCategory]:
    """By group name and SIS section id."""
    return {
        (group.group_name, row.section.sis_section_id): row
        for group in listed.groups
        for row in group.sections
    }


def canvas_group(sandbox: Sandbox, name: str) -> dict[str, Any]:
    answer = requests.get(
        f"{sandbox.canvas_url}/api/v1/courses/{HISTORY}/assignment_groups?per_page=100",
        headers={"Authorization": "Bearer sandbox-canvas-token"},
        timeout=60,
    )
    [found] = [each for each in answer.json() if each["name"] == name]
    return dict(found)


def leave(sandbox: Sandbox, name: str, integration_data: dict[str, Any]) -> None:
    """Put something into a group's integration_data, as another integration does."""
    group = canvas_group(sandbox, name)
    requests.put(
        f"{sandbox.canvas_url}/api/v1/courses/{HISTORY}/assignment_groups/{group['id']}",
        json={"integration_data": integration_data},
        headers={"Authorization": "Bearer sandbox-canvas-token"},
        timeout=60,
    ).raise_for_status()


def test_the_list_of_a_course_whose_categories_match_in_every_way(district: District) -> None:
    listed = district.sync.course(HISTORY)
    assert [(each.group_name, each.label, each.unassociated) for each in listed.groups] == [
        ("Essays", Label.UNASSOCIATED, 1),  # the section that the SIS does not know
        ("Map Skills", Label.UNASSOCIATED, 3),
        ("Tests", Label.UNASSOCIATED, 1),
        ("Projects", Label.UNASSOCIATED, 4),
        ("Participation", Label.UNASSOCIATED, 4),
        ("Warm-Ups", Label.UNASSOCIATED, 4),
    ]
    found = {
        place: row.category.category_id if row.category else row.code for place, row in rows(listed).items()
    }
    assert found["Essays", "HIST9-1"] == "CAT-ESSAY-HIST9-1"
    assert found["Essays", "HIST9C-1"] == "CAT-ESSAY"
    assert found["Essays", "HIST9-3"] == "class_unknown"
    assert found["Projects", "HIST9-1"] == "category_ambiguous"
    assert found["Warm-Ups", "HIST9-1"] == "category_not_found"
    assert "CAT-WARMUP" not in {each.category_id for each in listed.categories}


def test_a_choice_is_kept_with_who_and_when_and_goes_by_section(
    district: District, warehouse: Warehouse
) -> None:
    saved = district.choose(
        ("Participation", "HIST9-1", "CAT-LAB"), ("Participation", "HIST9C-1", "CAT-PARTICIPATION")
    )
    assert saved.mirrored
    listed = district.sync.course(HISTORY)
    assert listed.groups[4].unassociated == 2
    row = rows(listed)["Participation", "HIST9-1"]
    assert row == rows(saved.listed)["Participation", "HIST9-1"]
    assert row.choice is not None
    assert (row.choice.category_id, row.choice.by, row.choice.at) == ("CAT-LAB", "A. Admin", NOON)
    mapping = warehouse.read(category_choices.mapping, [each.section_id for each in listed.sections])
    assert set(mapping["category_id"]) == {"CAT-LAB", "CAT-PARTICIPATION"}


def test_canvas_shows_the_group_as_aligned_and_keeps_what_others_left_there(
    district: District, sandbox: Sandbox
) -> None:
    leave(sandbox, "Participation", OTHERS)
    district.choose(("Participation", "HIST9-1", "CAT-LAB"))
    assert canvas_group(sandbox, "Participation")["integration_data"] == {
        "vendor": {"id": 9},
        "sistemic": {"other": True, "categoryMapping": {"CAT-LAB": "Labs"}},
    }
    assert canvas_group(sandbox, "Essays")["integration_data"] == {}  # nobody edited it


def test_a_removed_association_is_null_in_canvas(district: District, sandbox: Sandbox) -> None:
    district.choose(("Participation", "HIST9-1", "CAT-LAB"), ("Participation", "HIST9C-1", "CAT-QUIZ"))
    district.choose(("Participation", "HIST9-1", None))
    mapping = canvas_group(sandbox, "Participation")["integration_data"]["sistemic"]["categoryMapping"]
    assert mapping == {"CAT-LAB": None, "CAT-QUIZ": "Quizzes"}
    district.choose(("Participation", "HIST9C-1", None))
    assert canvas_group(sandbox, "Participation")["integration_data"] == {
        "sistemic": {"categoryMapping": None}
    }


def test_canvas_is_not_told_twice(district: District, sandbox: Sandbox) -> None:
    for _ in range(2):
        assert district.choose(("Participation", "HIST9-1", "CAT-LAB")).mirrored
    writes = [each for each in sandbox.requests_seen("canvas") if each["method"] == "PUT"]
    assert len(writes) == 1


def test_where_the_token_may_not_write_it_is_saved_and_said(sandbox: Sandbox, warehouse: Warehouse) -> None:
    with District(sandbox, warehouse, "sandbox-canvas-token-without-assignments") as district:
        saved = district.choose(("Participation", "HIST9-1", "CAT-LAB"))
        assert not saved.mirrored
        assert saved.note is not None
        assert "Saved, but Canvas does not show it" in saved.note
        kept = rows(district.sync.course(HISTORY))["Participation", "HIST9-1"]
    assert kept.association == "chosen"
    assert canvas_group(sandbox, "Participation")["integration_data"] == {}


def test_renaming_the_group_breaks_nothing(district: District, sandbox: Sandbox) -> None:
    district.choose(("Participation", "HIST9-1", "CAT-LAB"))
    group_id = canvas_group(sandbox, "Participation")["id"]
    sandbox.control("canvas", "PATCH", f"/courses/{HISTORY}/groups/{group_id}", {"name": "Taking part"})
    row = rows(district.sync.course(HISTORY))["Taking part", "HIST9-1"]
    assert row.category is not None
    assert row.category.category_id == "CAT-LAB"


def test_what_cannot_be_is_refused_and_nothing_saved(district: District, warehouse: Warehouse) -> None:
    with pytest.raises(UsageError, match="Near it: Class Participation"):
        district.choose(("Tests", "HIST9-1", "CAT-LAB"), ("Participation", "HIST9-1", "CAT-PARTICIPATIN"))
    with pytest.raises(UsageError, match="may use"):  # of another class
        district.choose(("Map Skills", "HIST9C-1", "CAT-MAPS-HIST9-1"))
    section_ids = [each.section_id for each in district.sync.course(HISTORY).sections]
    assert warehouse.read(category_choices.mapping, section_ids).empty


def test_edits_that_change_nothing_are_not_pending(district: District) -> None:
    listed = district.sync.course(HISTORY)
    same = edit_of(listed, "Tests", "HIST9-1", "CAT-TEST")
    other = edit_of(listed, "Tests", "HIST9C-1", "CAT-QUIZ")
    pending = district.sync.pending(HISTORY, [same, other])
    assert pending.edits == (other,)
    assert [each.label for each in pending.preview.groups].count(Label.CHANGED) == 1


def test_a_file_with_lines_that_cannot_be_names_them_all(district: District, warehouse: Warehouse) -> None:
    listed = district.sync.course(HISTORY)
    asked = [
        edit_of(listed, "Participation", "HIST9-1", "CAT-LAB"),
        edit_of(listed, "Participation", "HIST9C-1", "CAT-NONE"),
        Edit(group_id="1", section_id="2", category_id=None),
    ]
    lines = [
        CsvLine(
            number=number,
            course_id=HISTORY,
            group_id=edit.group_id,
            section_id=edit.section_id,
            category=edit.category_id or "",
        )
        for number, edit in enumerate(asked, 2)
    ]
    lines.append(replace(lines[0], number=5, course_id="9999"))
    told = r"(?s)line 3: category CAT-NONE.*line 4: assignment group 1.*line 5: course 9999"
    with pytest.raises(UsageError, match=told):
        district.sync.pending_file(lines)


def test_the_siss_categories_are_read_once_for_a_district(district: District, sandbox: Sandbox) -> None:
    found = list(district.sync.courses(["1001", "9999", HISTORY]))
    assert [each.course_id for each in found if isinstance(each, CategoryList)] == ["1001", HISTORY]
    assert isinstance(found[1], NotFoundError)
    paths = [each["path"] for each in sandbox.requests_seen("sis")]
    assert sum(path.endswith("/categories") for path in paths) == 1


def test_an_unknown_course_is_named(district: District) -> None:
    with pytest.raises(NotFoundError, match="course 9999"):
        district.sync.course("9999")


def test_a_sis_with_ids_of_its_own_has_its_classes_categories(warehouse: Warehouse) -> None:
    with (
        running_sandbox(today=date(2026, 11, 24), sis_ids="own") as sandbox,
        District(sandbox, warehouse) as district,
    ):
        found = rows(district.sync.course(HISTORY))
    assert found["Essays", "HIST9-1"].category is not None
    assert found["Essays", "HIST9-1"].category.class_id == "own-HIST9-1"
    assert found["Essays", "HIST9-3"].code == "class_unknown"


def test_what_a_sis_tells_by_class_alone_is_offered_to_those_classes(warehouse: Warehouse) -> None:
    with (
        running_sandbox(today=date(2026, 11, 24), dialect="oneroster-1.2") as sandbox,
        District(sandbox, warehouse) as district,
    ):
        sandbox.set_temperaments(class_categories=True)
        found = rows(district.sync.course(HISTORY))
    assert found["Essays", "HIST9-1"].category is not None
    assert found["Essays", "HIST9-1"].category.class_id == "HIST9-1"
