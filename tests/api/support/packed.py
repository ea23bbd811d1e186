# SPDX-License-Identifier: MIT
"""What the database holds packed (include/store/packed.h), as text again."""

import contextlib
import shutil
import sqlite3

from support.process import BUILD

# Every packed column.
COLUMNS = [("numbers", "spec"), ("numbers", "built")]


def texts(database, folder):
    """All of it, a line each, as bytes; of a copy, since to look at it folds the log in."""
    folder.mkdir()
    for part in ("", "-wal"):
        if (file := database.with_name(database.name + part)).exists():
            shutil.copy(file, folder)
    with contextlib.closing(sqlite3.connect(folder / database.name)) as db:
        db.enable_load_extension(True)
        db.load_extension(str(BUILD / "unpack.so"))
        rows = [
            text
            for table, column in COLUMNS
            for (text,) in db.execute(f"SELECT unpack({column}) FROM {table}")
            if text
        ]
    shutil.rmtree(folder)
    return "\n".join(rows).encode()
