"""Stored seeds, and the strict model that every part of an export or a capsule is."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from emulator.seeding.files import SeedError, SeedFile, parse
from emulator.world.core.refusals import Invalid


class StoredPart(BaseModel):
    """A part of a file; unknown members and members of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class StoredSeed(StoredPart):
    """A seed by its text; the file that it was read from may no longer exist."""

    name: str
    text: str

    def read(self) -> SeedFile:
        """Return the seed. Raises Invalid if its text does not describe one."""
        try:
            seed = parse(self.text, source=self.name)
        except SeedError as error:
            raise Invalid("", f"The seed in this file cannot be read: {error}") from error
        return SeedFile(name=self.name, path=Path(self.name), text=self.text, seed=seed)
