"""What an external registry lacks or has otherwise, compared with the schemas that the hub recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from adapters.registry.canonical import canonical, canonical_text
from schemas.versions import Recorded

#: missing: the id is not there. different: it has another schema. unnamed: the subject hasn't this version with this
#: id, but nothing else there either. renamed: the subject's version has another id.
Kind = Literal["missing", "different", "unnamed", "renamed"]


class There(NamedTuple):
    """What the registry has where one of our versions should be."""

    #: The text of our id, or None when it has no such id.
    text: str | None
    #: The id of our subject's version, or None when it has no such version.
    id_of_version: int | None


class Difference(NamedTuple):
    """One of our versions that a registry has not as it should."""

    kind: Kind
    ours: Recorded
    #: In plain words, with what is there instead.
    message: str

    @property
    def can_be_added(self) -> bool:
        """Whether adding ours takes nothing from anybody."""
        return self.kind in ("missing", "unnamed")


def missing_or_different(
    recorded: Iterable[Recorded], there: Mapping[int, There], *, names: bool = True
) -> list[Difference]:
    """Return what is not as it should be, by id. Pure. Without `names` only what decoding needs is compared: ids."""
    found = []
    for ours in sorted(recorded, key=lambda one: one.schema_id):
        difference = _difference(ours, there.get(ours.schema_id, There(None, None)), names=names)
        if difference is not None:
            found.append(difference)
    return found


def _difference(ours: Recorded, there: There, *, names: bool) -> Difference | None:
    what = f"schema id {ours.schema_id} ({ours.subject}, version {ours.version})"
    if there.text is not None and not _same(ours, there.text):
        return Difference("different", ours, f"{what} is another schema there")
    if names and there.id_of_version not in (None, ours.schema_id):
        message = f"{what} is not there under this id: that version of the subject has id {there.id_of_version}"
        return Difference("renamed", ours, message)
    if there.text is None:
        return Difference("missing", ours, f"{what} is not there")
    if names and there.id_of_version is None:
        return Difference("unnamed", ours, f"{what} is there, but the subject has no such version")
    return None


def _same(ours: Recorded, text: str) -> bool:
    try:
        return bool(canonical_text(text) == canonical(ours.schema))
    except ValueError:
        return False
