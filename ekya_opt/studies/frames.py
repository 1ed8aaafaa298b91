"""Messages between a study and its workers: a length, then JSON in UTF-8."""

import json
import os
import struct
from typing import Any

LENGTH = struct.Struct("!Q")
PIECE = 1 << 20


def packed(message: Any) -> bytes:
    """Return a message as bytes."""
    content = json.dumps(message, allow_nan=False).encode()
    return LENGTH.pack(len(content)) + content


def unpacked(content: bytearray) -> Any:
    """Take the first message out of what has come; ``None`` if it is not all there."""
    if len(content) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(content[: LENGTH.size])
    end = LENGTH.size + length
    if len(content) < end:
        return None
    message = json.loads(bytes(content[LENGTH.size : end]))
    del content[:end]
    return message


def write(descriptor: int, message: Any) -> None:
    """Write a message; raise ``OSError`` if nobody reads it."""
    rest = memoryview(packed(message))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def read(descriptor: int, content: bytearray) -> Any:
    """Return the next message; ``None`` at the end. ``content`` keeps what is left."""
    while (message := unpacked(content)) is None:
        piece = os.read(descriptor, PIECE)
        if not piece:
            return None
        content += piece
    return message
