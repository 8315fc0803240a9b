"""Who may ask what: by the role of an operator's token. And what every route works with."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Final

import sqlalchemy as sa
from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from hub.access import OPERATOR, Holder
from hub.access.bearer import Authenticate
from hub.problems import Problem
from hub.replays import NeedsAnother, NoSuchReplay, NotNow
from replay.desk import BadPlan, Desk, NothingMatches
from replay.failures import Failures
from replay.selection import BadSelection

#: What each role may do; who may do more may do less, but the audit trail is for auditors.
_MAY: Final = {
    "look": frozenset({"viewer", "operator", "approver", "auditor"}),
    "act": frozenset({"operator", "approver"}),
    "audit": frozenset({"auditor"}),
}
#: Bytes of a request's body.
_LONGEST: Final = 1_048_576
_BEARER = HTTPBearer(auto_error=False, description="The operator's token, as `dancu operator token NAME` printed it.")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with."""

    desk: Desk
    failures: Failures
    #: The database with the audit trail.
    engine: sa.Engine
    authenticate: Authenticate


def allowed(parts: Parts, what: str) -> Callable[..., Holder]:
    """Return what says who asks. It raises `Problem` for those who may not `look`, `act` or `audit`."""

    def holder_of(
        request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)] = None
    ) -> Holder:
        holder = parts.authenticate(request)
        if holder.kind != OPERATOR:
            raise Problem(403, "This is for operators; an agency's token opens its own feed only.")
        if holder.role not in _MAY[what]:
            raise Problem(403, f"The role {holder.role} may not do this; it takes {' or '.join(sorted(_MAY[what]))}.")
        return holder

    return holder_of


def bounded(request: Request) -> None:
    """Raises `Problem` for a body that is too long, or does not say how long it is."""
    if request.method == "GET":
        return
    declared = request.headers.get("content-length", "")
    if not (declared.isascii() and declared.isdecimal()):
        raise Problem(411, "Say with Content-Length how long the body is.")
    if int(declared) > _LONGEST:
        raise Problem(413, f"At most {_LONGEST} bytes are taken.")


@contextmanager
def problems() -> Iterator[None]:
    """Answer what a step refuses."""
    try:
        yield
    except (BadSelection, BadPlan, NothingMatches) as error:
        raise Problem(422, f"{error}.") from error
    except NoSuchReplay as error:
        raise Problem(404, "No such replay.") from error
    except NotNow as error:
        raise Problem(409, f"{error}.") from error
    except NeedsAnother as error:
        raise Problem(403, f"{error}.") from error
