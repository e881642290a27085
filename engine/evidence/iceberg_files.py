"""Iceberg's files as pyiceberg reads and writes them: by the addresses that engines will find them under.

They are written into a folder of tables here, which may be copied to where they say that they are.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile, OutputStream

from engine.evidence import durable, regular
from engine.evidence.published_folder import Folder


class _File(InputFile, OutputFile):
    def __init__(self, location: str, path: Path) -> None:
        super().__init__(location)
        self._path = path

    def __len__(self) -> int:
        return regular.size(self._path)

    def exists(self) -> bool:
        return self._path.is_file()

    def open(self, seekable: bool = True) -> InputStream:
        return io.BytesIO(regular.read(self._path))

    def to_input_file(self) -> InputFile:
        return self

    def create(self, overwrite: bool = False) -> OutputStream:
        return _Stream(lambda data: durable.write(self._path, data))


class _Stream(io.BytesIO):
    """What is written is kept until the end, and then on the disk at once."""

    def __init__(self, finish: Callable[[bytes], None]) -> None:
        super().__init__()
        self._finish = finish

    def close(self) -> None:
        if not self.closed:
            self._finish(self.getvalue())
        super().close()


class Files(FileIO):
    """The files of a folder, under a location (a URI)."""

    def __init__(self, folder: Folder, location: str) -> None:
        super().__init__()
        self._folder, self._prefix = folder, f"{location}/"

    def name(self, location: str) -> str:
        """The name of a file in the folder. Raises ValueError for one that lies elsewhere."""
        if not location.startswith(self._prefix):
            raise ValueError(f"{location} does not lie below {self._prefix}")
        return location.removeprefix(self._prefix)

    def location(self, name: str) -> str:
        """Where engines find a file."""
        return self._prefix + name

    def new_input(self, location: str) -> InputFile:
        """A file that is there, or was written."""
        return _File(location, self._folder.path(self.name(location)))

    def new_output(self, location: str) -> OutputFile:
        """A file that comes to its place when the folder is finished."""
        return _File(location, self._folder.staged(self.name(location)))

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Leave it: what no manifest names goes when the folder is finished."""
