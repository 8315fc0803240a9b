"""The benchmarks run, and write what they promise. How fast is for `make bench` to say."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.catalogue import BENCHMARKS
from tests.benchmarks.lacking import missing


def test_a_quick_run_takes_every_figure_and_writes_it_with_its_limit_and_the_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    main(["--quick", "--json", str(file), *(word for name in BENCHMARKS for word in ("--only", name))])
    content = orjson.loads(file.read_bytes())
    assert content["quick"] is True
    assert {"cpu", "cores", "memory_mb", "kernel", "python", "sqlite", "libraries", "commit"} <= content[
        "machine"
    ].keys()
    assert [figure["name"] for figure in content["figures"]] == [name for name in BENCHMARKS if missing(name) is None]
    for figure in content["figures"]:
        assert figure["min"] <= figure["median"] <= figure["max"]
        assert figure["limit"] > 0
        assert figure["limit_is"]
        assert figure["met"] in (True, False) if figure["target"] else figure["met"] is None
    printed = capsys.readouterr().out
    assert all(name in printed for name in BENCHMARKS)
