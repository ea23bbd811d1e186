# SPDX-License-Identifier: MIT
"""What the database holds packed (include/store/packed.h), as text again."""

from support import copies
from support.process import BUILD

# Every packed column.
COLUMNS = [("numbers", "spec"), ("numbers", "built")]


def texts(database, folder):
    """All of it, a line each, as bytes."""
    with copies.opened(database, folder) as db:
        db.enable_load_extension(True)
        db.load_extension(str(BUILD / "unpack.so"))
        rows = [
            text
            for table, column in COLUMNS
            for (text,) in db.execute(f"SELECT unpack({column}) FROM {table}")
            if text
        ]
    return "\n".join(rows).encode()
