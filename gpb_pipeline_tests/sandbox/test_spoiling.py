"""The sandbox's Canvas, told to send what no Canvas should."""

import pytest
import requests

from gpb_pipeline.sandbox.serve import Sandbox
from gpb_pipeline_tests.sandbox.clients import TIMEOUT, CanvasUser


def test_a_value_or_the_want_of_one_is_put_into_one_row_until_a_reset(
    school: Sandbox, canvas: CanvasUser
) -> None:
    before = canvas.all("/courses/1001/enrollments")
    own = before[0]["id"]
    path = "/courses/1001/enrollments$"
    spoilt = [{"path": path, "id": own, "key": "user.name", "value": "\ud83c"}, {"path": path, "key": "type"}]
    school.control("canvas", "PUT", "/spoilt", spoilt)
    after = canvas.all("/courses/1001/enrollments")
    assert [each["id"] for each in after if each["user"]["name"] == "\ud83c"] == [own]
    assert not any("type" in each for each in after)
    school.control("canvas", "POST", "/reset")
    assert canvas.all("/courses/1001/enrollments") == before


@pytest.mark.parametrize("body", ["no JSON", "{}", "[1]", '[{"path":"x"}]', '[{"path":"(","key":"id"}]'])
def test_what_is_no_list_of_spoilt_values_is_refused(school: Sandbox, body: str) -> None:
    answer = requests.put(f"{school.canvas_url}/sandbox/spoilt", data=body, timeout=TIMEOUT)
    assert answer.status_code == 400
    assert "path, id, key and value" in answer.json()["error"]
