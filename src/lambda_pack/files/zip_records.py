"""The records of a zip archive as they lie in the file, for what reads them and what writes them.

PKWARE's APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central header), 4.3.14 to 4.3.16 (the end).
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = [
    "CENTRAL",
    "CENTRAL_SIGNATURE",
    "END",
    "END64",
    "END64_SIGNATURE",
    "END_SIGNATURE",
    "LARGEST_COUNT",
    "LOCAL",
    "LOCAL_SIGNATURE",
    "LOCATOR",
    "LOCATOR_SIGNATURE",
    "SMALL_FIELD",
    "UNIX",
    "UTF8",
]

LOCAL: Final = struct.Struct("<4s5H3L2H")
CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
END: Final = struct.Struct("<4s4H2LH")
END64: Final = struct.Struct("<4sQ2H2L4Q")
LOCATOR: Final = struct.Struct("<4sLQL")

LOCAL_SIGNATURE: Final = b"PK\3\4"
CENTRAL_SIGNATURE: Final = b"PK\1\2"
END_SIGNATURE: Final = b"PK\5\6"
END64_SIGNATURE: Final = b"PK\6\6"
LOCATOR_SIGNATURE: Final = b"PK\6\7"

UTF8: Final = 0x0800
"""The flag that says that the name is UTF-8."""

UNIX: Final = 3
"""The upper byte of "version made by": the external attributes hold a Unix mode."""

SMALL_FIELD: Final = 0xFFFFFFFF
"""A 32-bit field with this value says: look in the zip64 extra field."""

LARGEST_COUNT: Final = 0xFFFF
"""A 16-bit number of members with this value says: look in the zip64 end."""
