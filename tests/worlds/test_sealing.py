"""Files that are whole at any moment, whoever is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from emulator.sealing import write_whole


def test_what_a_killed_process_left_of_a_file_goes_with_the_next_try(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    target = tmp_path / "k.json"
    left = tmp_path / f".k.json.{gone.pid}.partial"
    of_others = [
        tmp_path / f".other.json.{gone.pid}.partial",
        tmp_path / f".k.json.{os.getppid()}.partial",
        tmp_path / ".k.json.x.partial",
    ]
    for path in (left, *of_others):
        path.write_text("half")
    write_whole(target, [b"who", b"le"])
    assert target.read_bytes() == b"whole"
    assert sorted(tmp_path.iterdir()) == sorted([target, *of_others])
