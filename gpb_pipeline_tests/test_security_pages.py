"""docs/security.md and docs/asvs.md: the tests that they name exist, and no item of ASVS is said two ways."""

import re
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SECURITY, ASVS = ((TESTS.parent / "docs" / name).read_text("utf-8") for name in ("security.md", "asvs.md"))
NAMED = sorted(set(re.findall(r"`((?:\w+/)*test_\w+\.py)(?:::(\w+))?`", SECURITY + ASVS)))
CHAPTERS = re.split(r"^## (?=V\d+ )", ASVS, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name or file for file, name in NAMED])
def test_each_test_that_the_pages_name_exists(file: str, name: str) -> None:
    assert re.search(rf"^def {name or 'test_'}", (TESTS / file).read_text("utf-8"), re.MULTILINE)


def items(text: str) -> list[str]:
    """The items of the first column; from one to another of a section is all between."""
    found = []
    for cell in re.findall(r"^\| (V[^|]+) \|", text, re.MULTILINE):
        for part in cell.split(", "):
            first, _, last = part.partition(" to ")
            section, _, number = first.rpartition(".")
            until = int(last.rpartition(".")[2]) if last else int(number)
            found += [f"{section}.{each}" for each in range(int(number), until + 1)]
    return found


def test_each_chapter_has_each_of_its_items_once_and_what_is_not_met_is_told_above() -> None:
    not_met = set(items(ASVS.partition("## V1 ")[0]))
    told = Counter(item for chapter in CHAPTERS for item in items(chapter))
    assert [item for item, count in told.items() if count > 1] == []
    assert len(CHAPTERS) == 17
    assert sum(told.values()) == LEVEL_2_WITHOUT_WEBRTC
    of_chapters = {
        item
        for chapter in CHAPTERS
        for line in chapter.splitlines()
        if "| Not met |" in line
        for item in items(line)
    }
    assert of_chapters == not_met


LEVEL_2_WITHOUT_WEBRTC = 246
"""The standard's own count of items of levels 1 and 2, less those of its chapter V17."""
