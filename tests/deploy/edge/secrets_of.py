"""Every form in which something about a person could be written somewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from tests.adapters.card_reader.virtual.personal import Personalised, mrz_lines


def secrets_of(card: Personalised) -> dict[str, bytes]:
    """Return what must be nowhere, each by a name that may be shown."""
    persona = card.persona
    words = {
        "number": persona.number,
        "document number": persona.number[-9:],
        "name": persona.name,
        "old number": persona.old_number,
        "address": persona.address,
        "religion": persona.religion,
        "father": persona.parents[0],
        "spouse": persona.spouse,
        **{f"MRZ line {number}": line for number, line in enumerate(mrz_lines(persona), 1)},
    }
    found = {name: word.encode() for name, word in words.items() if word}
    for file, content in card.files.items():
        for kind in ("sha1", "sha256", "sha384"):
            found[f"{kind} of {file:04x}"] = hashlib.new(kind, content).digest()
        found[f"content of {file:04x}"] = content[8:72]
    return {name: secret for name, secret in found.items() if name != "content of 011c"}  # the same on every card


def forms(secret: bytes) -> Iterator[bytes]:
    """Yield a secret as it is, in hexadecimal, and in base64 at each of the three places where it can begin."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for before in range(3):
        text = base64.b64encode(b"\0" * before + secret)
        whole = text[-(-8 * before // 6) : (before + len(secret)) * 8 // 6]  # characters that only the secret decides
        yield whole
        yield whole.translate(bytes.maketrans(b"+/", b"-_"))


def found_in(content: bytes, card: Personalised) -> list[str]:
    """Return the names of the secrets that are in some content."""
    names = [name for name, secret in secrets_of(card).items() if any(form in content for form in forms(secret))]
    can = card.persona.number[-6:].encode()
    # six digits alone come about by chance among others
    if re.search(rb"(?<![0-9A-Za-z_-])%s(?![0-9A-Za-z_-])" % can, content) or can.hex().encode() in content:
        names.append("CAN")
    return names


def files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield all files below a folder with their names and contents."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()
