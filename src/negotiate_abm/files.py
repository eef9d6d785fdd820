"""Writing without harm: nothing overwritten, nothing half-written, one clear line if it fails."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from negotiate_abm.errors import ResultError


def check_free(directory: Path, beside: Path | None = None) -> list[Path]:
    """Return the directories that must be made to write there, the outermost first.

    Parameters
    ----------
    directory : Path
    beside : Path, optional
        An entry of the directory that is ours.

    Raises
    ------
    ResultError
        If it already holds something, or cannot be written.
    """
    ours = None if beside is None else beside.name  # the path may be relative, or not
    try:
        if directory.exists() and (
            not directory.is_dir() or any(entry.name != ours for entry in directory.iterdir())
        ):
            raise ResultError(
                f"{directory}: got a place that already holds something; expected a new or "
                f"empty directory. Name another, or move what is there."
            )
        missing = []
        place = directory.absolute()
        while not place.exists():
            missing.append(place)
            place = place.parent
        if not place.is_dir():
            raise NotADirectoryError(20, f"{place} is no directory")
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except (OSError, ValueError) as error:
        raise cannot_write(directory, error) from None
    return missing[::-1]


def partial_name(directory: Path, ending: str = "") -> Path:
    """Return a name in a directory, not in use, for what is yet to be whole."""
    return directory / f".partial-{secrets.token_hex(8)}{ending}"


def take_back(written: list[Path], made: list[Path]) -> None:
    """Remove what a write that failed has written, and the directories made for it if empty."""
    with undisturbed():
        for entry in written:
            with contextlib.suppress(OSError):
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink(missing_ok=True)
        for place in reversed(made):
            with contextlib.suppress(OSError):
                place.rmdir()


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C, perhaps a second one, or a request to end until what is within is done."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals interrupt the main thread alone
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    held: list[int] = []
    before = {kind: signal.signal(kind, lambda came, _: held.append(came)) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, signal.SIG_DFL if handler is None else handler)
        for came in held[:1]:
            signal.raise_signal(came)


def read_regular(file: Path, most: int) -> bytes:
    """Return the bytes of a regular file: never wait on a pipe, nor read without end.

    Raises
    ------
    OSError
        If it is another thing, or holds more bytes than `most`.
    """
    _check_regular(file)
    with file.open("rb") as stream:
        content = stream.read(most + 1) if file.stat().st_size <= most else None
    if content is None or len(content) > most:
        raise OSError(f"more than {most} bytes")
    return content


def _check_regular(file: Path) -> None:
    file.stat()  # where it is missing or leads in a circle, this says so
    if not file.is_file():
        raise OSError("something that is no regular file")


def checksum(place: Path) -> str:
    """Return the SHA-256 of a file, or of all that is in a directory, names included.

    Raises
    ------
    OSError
        If any of it cannot be read, or is neither.
    """
    if not place.is_dir():
        _check_regular(place)
        with place.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    entries = sorted(place.iterdir())
    if any(entry.is_symlink() for entry in entries):
        raise OSError("a link within")  # it may lead round in a circle
    within = [(entry.name, checksum(entry)) for entry in entries]
    return hashlib.sha256(repr(within).encode("utf-8", "surrogateescape")).hexdigest()


def cannot_write(directory: Path, error: Exception) -> ResultError:
    """Return the error of a place that could not be written, in the user's terms."""
    name = str(directory)
    return ResultError(
        f"{name if len(name) < 200 else name[:200] + '...'}: got "
        f"{getattr(error, 'strerror', None) or error}; expected a directory that can be written. "
        f"Choose another, with enough space and the right to write."
    )


def check_new_file(file: Path, endings: Iterable[str]) -> None:
    """Refuse a file that exists, cannot be made, or has none of some endings.

    Raises
    ------
    ResultError
    """
    if file.suffix.lower() not in endings:
        raise ResultError(
            f"{file}: got the ending '{file.suffix}'; expected one of {', '.join(endings)}. "
            f"Rename the file."
        )
    try:
        if file.exists():
            raise _taken(file)
        if not file.absolute().parent.is_dir():
            raise NotADirectoryError(20, f"{file.absolute().parent} is no directory")
        if not os.access(file.absolute().parent, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
    except (OSError, ValueError) as error:
        raise cannot_write(file, error) from None


def _taken(file: Path) -> ResultError:
    return ResultError(
        f"{file}: got a file that exists; expected a new one. Name another, or move it."
    )


def write_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Let something write a file beside its place, then put it there: whole or not at all.

    Raises
    ------
    ResultError
        If it cannot be written, or something was put there in the meantime.
    """
    part = partial_name(file.parent, file.suffix)
    try:
        write(part)
        with undisturbed():
            _put(part, file)
    except BaseException as error:
        take_back([part], [])
        if isinstance(error, OSError):
            raise cannot_write(file, error) from None
        raise


def _put(part: Path, file: Path) -> None:
    """Give a file that is whole its name, unless something has that name by now."""
    try:
        os.link(part, file)  # which, unlike a rename, replaces nothing
    except FileExistsError:
        raise _taken(file) from None
    except OSError:  # the file system has no second names
        if os.path.lexists(file):
            raise _taken(file) from None
        part.rename(file)
    else:
        part.unlink()
