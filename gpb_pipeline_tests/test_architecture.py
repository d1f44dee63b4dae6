"""docs/architecture.md: its picture agrees with the imports, and its walk goes through what there is."""

import re
from importlib import import_module

from gpb_pipeline_tests.architecture import PAGE, PICTURE, picture

TEXT = PAGE.read_text("utf-8")
PLACE = re.compile(r"`gpb_pipeline/([\w/]+)\.py::(\w+)`")


def test_the_picture_is_drawn_from_the_imports() -> None:
    [drawn] = PICTURE.findall(TEXT)
    assert drawn == picture(), "stale: renew it with  python -m gpb_pipeline_tests.architecture"


def test_each_step_of_the_walk_is_there() -> None:
    places = PLACE.findall(TEXT)
    assert len(places) > 15
    for module, name in places:
        assert hasattr(import_module("gpb_pipeline." + module.replace("/", ".")), name), name
