"""Files that are whole at any moment, whoever is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.persistence.atomic_write import write_atomically


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
    write_atomically(target, [b"who", b"le"])
    assert target.read_bytes() == b"whole"
    assert sorted(tmp_path.iterdir()) == sorted([target, *of_others])


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    old, new = folder / "old.json", folder / "new.json"
    old.write_text("old")
    for link, target in ((tmp_path / "a", old), (tmp_path / "b", new)):
        link.symlink_to(target)
        write_atomically(link, [b"written"])
        assert (link.readlink(), target.read_bytes()) == (target, b"written")
    assert sorted(folder.iterdir()) == [new, old]


def test_a_device_is_written_into(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    device = Path(os.ttyname(theirs))
    link = tmp_path / "link"
    link.symlink_to(device)
    for path in (device, link):
        write_atomically(path, [b"writ", b"ten"])
        assert os.read(ours, 100) == b"written"
    assert device.is_char_device()
    assert link.is_symlink()
    os.close(ours)
    os.close(theirs)


def test_a_pipe_is_written_into(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    write_atomically(pipe, [b"writ", b"ten"])
    assert reader.communicate()[0] == b"written"
    assert pipe.is_fifo()


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(link, [b"written"])
    assert link.is_symlink()
