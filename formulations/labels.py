"""Names that every solver, file format and reader accepts."""

import re
import unicodedata
from typing import TYPE_CHECKING

from instances import Stream

if TYPE_CHECKING:
    from instances.horizon_stream import HorizonStream

MOST_CHARACTERS = 24


def stream_label(stream_idx: int, stream: "Stream | HorizonStream") -> str:
    """Return a unique ASCII label of a stream, such as ``s3_zurich``.

    The index makes it unique; what is not a letter or a digit becomes ``_``, and
    long names are cut.
    """
    plain = unicodedata.normalize("NFKD", stream.name).encode("ascii", "ignore")
    words = re.sub(r"[^A-Za-z0-9]+", "_", plain.decode()).strip("_")
    words = words[:MOST_CHARACTERS].rstrip("_")
    return f"s{stream_idx}_{words}" if words else f"s{stream_idx}"
