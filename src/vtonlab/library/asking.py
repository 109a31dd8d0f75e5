"""Who may look at a library, and who may change it; for routes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from vtonlab.accounts.asking import Asking, permitted
from vtonlab.accounts.caller import Caller, Permission
from vtonlab.errors.language import Language, choose_language


async def _who_looks(caller: Asking) -> Caller:
    if not caller.may(Permission.IMAGES_READ):
        raise caller.lacks(Permission.IMAGES_READ)
    return caller


Looking = Annotated[Caller, Depends(_who_looks)]
"""Anybody: guests see what is theirs, strangers nothing."""

Reading = Annotated[Caller, permitted(Permission.IMAGES_READ)]
Managing = Annotated[Caller, permitted(Permission.IMAGES_MANAGE)]


def language_of(request: Request, otherwise: Language) -> Language:
    """The language of the answer to ``request``; ``otherwise`` where it asks for none of ours."""
    return choose_language(request.headers.get("accept-language", ""), otherwise)
