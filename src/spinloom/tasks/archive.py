"""Many small files out of one archive on the web: fetched, checked by what they hold, put in place whole or not at all.

Archives that a host packs on demand differ in bytes from day to day; what they hold does not. So the hash is one of the
contents, and an archive that was packed by someone else is as good as ours.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

from spinloom.errors import DataError
from spinloom.tasks.download import Progress, not_written, writable

_STEPS = 3  # downloaded, checked, in place
_LARGEST_MEMBER = 1 << 20  # bytes; none of the recordings comes near, and an archive made to burst is refused
_PATIENCE_SECONDS = 30  # without a single byte


@final
@dataclass(frozen=True)
class ArchiveFile:
    """Files of record: where an archive of them is to be had, which of its members count, their number and hash.

    Attributes
    ----------
    url : str
        Of a zip archive.
    folder, ending : str
        A member counts if its folder has this name and its own name ends so.
    path : str
        Place of the archive below a data folder.
    count : int
    sha256 : str
        Of the lines "name, sha256 of the file" in the order of the names.
    """

    url: str
    folder: str
    ending: str
    path: str
    count: int
    sha256: str

    def members(self, path: Path) -> Iterator[tuple[str, bytes]]:
        """(name without folders, contents) of what counts, in the order of the names.

        Raises
        ------
        DataError
            The file cannot be read, is no zip archive, or is damaged.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                chosen = {}
                for entry in archive.infolist():
                    place, _, name = entry.filename.rpartition("/")
                    if place.rpartition("/")[2] == self.folder and name.endswith(self.ending):
                        chosen[name] = entry
                for name in sorted(chosen):
                    if chosen[name].file_size > _LARGEST_MEMBER:
                        raise DataError(f"{path} holds {name} of {chosen[name].file_size} bytes: not a file of record.")
                    yield name, archive.read(chosen[name])
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError) as error:
            raise DataError(f"{path} cannot be read ({error}). Remove it, and fetch it anew.") from error

    def whole(self, path: Path) -> bool:
        """Whether it holds exactly the files of record; a file that is no archive does not."""
        try:
            found = list(self.members(path))
        except DataError:
            return False
        return len(found) == self.count and contents_digest(found) == self.sha256

    def by_hand(self, target: Path) -> str:
        """What to do without a network."""
        return f"Without a network: take {self.url} on another machine, and put it, as it is, at {target}"

    def download(self, target: Path, progress: Progress | None = None) -> Path:
        """Fetch to ``target``; raises DataError or OutputError and then leaves ``target`` as it was."""
        report = progress or (lambda done, total: None)
        report(0, _STEPS)
        writable(target)
        with tempfile.TemporaryDirectory(prefix="spinloom-") as folder:
            came = Path(folder) / "archive.zip"
            try:
                with urllib.request.urlopen(self.url, timeout=_PATIENCE_SECONDS) as source, came.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
            except OSError as error:  # URLError and time-outs are of this kind
                raise DataError(f"{self.url} could not be fetched ({error}). {self.by_hand(target)}") from error
            report(1, _STEPS)
            if not self.whole(came):
                raise DataError(
                    f"{self.url} did not give the {self.count} files of record (sha256 of the contents "
                    f"{self.sha256[:8]}…); what came was thrown away. Try again. {self.by_hand(target)}"
                )
            report(2, _STEPS)
            self._pack(came, target)
        report(3, _STEPS)
        return target

    def _pack(self, came: Path, target: Path) -> None:
        """What counts, and nothing else of what came, next to its place and then there in one step."""
        part: Path | None = None
        try:
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
            os.close(handle)
            part = Path(name)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for member, content in self.members(came):
                    entry = zipfile.ZipInfo(f"{self.folder}/{member}")  # of 1980: the same bytes whenever it is fetched
                    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
            part.chmod(0o644)  # mkstemp makes it private; a cache may be shared by a group
            os.replace(part, target)
        except OSError as error:
            raise not_written(target, error) from error
        finally:
            if part is not None:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)


def contents_digest(files: list[tuple[str, bytes]]) -> str:
    """sha256 of the lines "name, sha256 of the contents" in the order of the names, in hexadecimal."""
    total = hashlib.sha256()
    for name, content in sorted(files):
        total.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()
