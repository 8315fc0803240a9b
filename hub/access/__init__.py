"""Who may ask the hub over HTTP: agencies for their own feed, operators by their role."""

from __future__ import annotations

from hub.access.tokens import AGENCY, OPERATOR, ROLES, Holder, Token, Tokens

__all__ = ["AGENCY", "OPERATOR", "ROLES", "Holder", "Token", "Tokens"]
