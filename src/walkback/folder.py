"""A folder on this machine or in an object store (`s3://`, `gs://`): the same few things to ask of both.

Keys, region and endpoint of an object store come from the environment, as its own tools read them; see
https://arrow.apache.org/docs/python/filesystems.html.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs as arrow
from pyarrow.dataset import dataset

from walkback.errors import CaseError, FolderError

SCHEMES: Final = ("s3://", "gs://")
_FOR_OWNER: Final = 0o700  # people's words


def is_address(place: str) -> bool:
    """Whether a place is in an object store, and no path."""
    return "://" in place


@dataclass(frozen=True, slots=True)
class FileOf:
    """A file by its name in a folder (with `/`), and its size in bytes."""

    name: str
    size: int


class Folder:
    """A folder, which need not be there yet. Methods raise FolderError where the place can't be used."""

    def __init__(self, place: str) -> None:
        """Nothing is asked yet. Raises CaseError where an address is of no kind that is known."""
        self.place = place.rstrip("/") or "/"
        if not is_address(place):
            self._files: arrow.FileSystem = arrow.LocalFileSystem()
            self._root = PurePosixPath(Path(place).resolve())
            self._prefix = ""
            return
        scheme = _scheme_of(place)
        with _told(self.place, "be reached"):
            self._files, root = arrow.FileSystem.from_uri(self.place)
        self._root, self._prefix = PurePosixPath(root), scheme

    def __reduce__(self) -> tuple[type["Folder"], tuple[str]]:
        """A folder goes to another process as its place."""
        where = self.place if self._prefix else str(self._root)
        return Folder, (where,)

    def folder(self, name: str) -> "Folder":
        """A folder in this one."""
        return Folder(f"{self.place}/{name}")

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return not self._prefix

    def address(self, name: str) -> str:
        """A file's path or address, for an engine to read."""
        return f"{self._prefix}{self._root / name}"

    def name_of(self, address: str) -> str:
        """The name of a file of which an engine says the path, with or without the scheme."""
        return str(
            PurePosixPath(address.removeprefix("file://").removeprefix(self._prefix)).relative_to(self._root)
        )

    def has(self, name: str) -> bool:
        """Whether a file of that name is there."""
        with _told(self._shown(name), "be looked for"):
            return self._files.get_file_info(str(self._root / name)).type is arrow.FileType.File

    def files(self, under: str = "") -> list[FileOf]:
        """Every file in it and in what is in it, by name."""
        wanted = arrow.FileSelector(str(self._root / under), allow_not_found=True, recursive=True)
        with _told(self._shown(under), "be listed"):
            found = self._files.get_file_info(wanted)
        known = [
            FileOf(str(PurePosixPath(one.path).relative_to(self._root)), one.size or 0)
            for one in found
            if one.type is arrow.FileType.File and not _is_hidden(one.base_name)
        ]
        return sorted(known, key=lambda file: file.name)

    def read(self, name: str) -> bytes:
        """All of a file."""
        with self.opened(name) as file, _told(self._shown(name), "be read"):
            return bytes(file.read())

    def opened(self, name: str) -> pa.NativeFile:
        """A file to read here and there in."""
        with _told(self._shown(name), "be opened"):
            return self._files.open_input_file(str(self._root / name))

    def dataset(self, names: Sequence[str]) -> Any:
        """Parquet files together as an Arrow dataset."""
        with _told(self.place, "be read"):
            return dataset([str(self._root / name) for name in names], filesystem=self._files)

    @contextmanager
    def writing(self, name: str) -> Iterator[pa.NativeFile]:
        """A file that is there, whole, after the block, or not at all."""
        target = self._root / name
        unfinished = target.with_name(f".{target.name}.part") if self.is_local else target
        with _told(self._shown(name), "be written"):
            if self.is_local:
                Path(target.parent).mkdir(mode=_FOR_OWNER, parents=True, exist_ok=True)
            try:
                with self._files.open_output_stream(str(unfinished)) as file:
                    yield file
            except BaseException:
                with suppress(OSError):
                    self._files.delete_file(str(unfinished))
                raise
            if self.is_local:
                self._files.move(str(unfinished), str(target))

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole."""
        with self.writing(name) as file:
            file.write(content)

    def delete(self, name: str) -> None:
        """Delete a file, which may be gone already."""
        if self.has(name):
            with _told(self._shown(name), "be deleted"):
                self._files.delete_file(str(self._root / name))

    def delete_all(self) -> None:
        """Delete the folder with all that is in it; it may be gone already."""
        with _told(self.place, "be deleted"), suppress(FileNotFoundError):
            self._files.delete_dir(str(self._root))

    def _shown(self, name: str) -> str:
        return f"{self.place}/{name}" if name else self.place


def _scheme_of(place: str) -> str:
    scheme = next((known for known in SCHEMES if place.startswith(known)), None)
    if scheme is None:
        raise CaseError(
            f"{place.partition('://')[0]}://…: is no address that is known. Give a path, s3://… or gs://…"
        )
    if "@" in place or "?" in place:  # keys in an address would be said wherever it is
        raise CaseError(
            f"{scheme}…: name bucket and folder alone. Keys, region and endpoint belong into the environment "
            "(for S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL)"
        )
    return scheme


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


@contextmanager
def _told(place: str, what: str) -> Iterator[None]:
    """A failure as one line that says where."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        why = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise FolderError(
            f"{place}: can't {what} ({why}). Check the name, your rights there, and the network"
        ) from error
