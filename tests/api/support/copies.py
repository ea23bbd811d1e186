# SPDX-License-Identifier: MIT
"""A copy of a database to look into, as a start would find it: to open the file itself
would fold its log in."""

import contextlib
import shutil
import sqlite3


@contextlib.contextmanager
def opened(database, folder):
    """A connection to the copy, which lies in the folder: made for it, and removed."""
    folder.mkdir()
    for part in ("", "-wal"):
        if (file := database.with_name(database.name + part)).exists():
            shutil.copy(file, folder)
    with contextlib.closing(sqlite3.connect(folder / database.name)) as db:
        yield db
    shutil.rmtree(folder)
