"""`gpb` run in this process: as fast as a call, and with the exit status that a shell would see."""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gpb_pipeline.cli.main import main
from gpb_pipeline.settings import known_names


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self.err
        return json.loads(self.out)


def gpb(*arguments: str) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["gpb", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    code = ended.value.code
    status = code if isinstance(code, int) else int(code is not None)
    return Done(status=status, out=out.getvalue(), err=err.getvalue())


def settle_in(patch: pytest.MonkeyPatch, folder: Path, environment: dict[str, str]) -> None:
    """Let commands run in `folder`, with a warehouse there and no other setting than `environment`."""
    patch.chdir(folder)
    patch.setenv("COLUMNS", "200")  # tables as wide as a wide terminal
    given = {"GPB_CATALOG": "sqlite:lake/catalog.sqlite", "GPB_DATA_PATH": "lake/data"} | environment
    for name in known_names():  # such as a DAGSTER_HOME that another test's command made ready
        patch.delenv(name, raising=False)
    for name, value in given.items():
        patch.setenv(name, value)
