"""/openapi.json: both interfaces described, tagged and told apart, with their errors and their ways to sign in."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from vtonlab.accounts.asking import SESSION_COOKIE
from vtonlab.web.languages import Interface, find_interface
from vtonlab.web.operations import name_operations

DESCRIPTION = """\
VTON Lab keeps people's pictures and dresses them.

Two interfaces over one library:

* **wardrobe**, under `/api/…`: a session cookie, `{"success": …}` envelopes, 200 for every success. Programs and pages
  written against it go on working. Unknown fields are ignored, `null` means absent.
* **studio**, under `/api/v1/…`: a bearer token (or the cookie), plain resources, errors as RFC 9457 problem details.
  Unknown fields are refused.

Times are ISO 8601 in UTC, ids opaque strings, sizes bytes, dimensions pixels, durations seconds. Sentences follow
`Accept-Language` (zh or en); without it they are Chinese in the wardrobe and English in the studio. Every answer has an
`X-Request-ID`, under which the server's log has the story; one that is sent (8 to 64 of `A-Z a-z 0-9 . _ -`) is kept.

What happens is told as it happens over the WebSocket `/api/v1/ws/tasks` (with the cookie, or the token as `?token=…`),
in JSON. All of one's tasks are told as `{"type": "task_update", "task_id": …, "status": …, "progress": …}`;
`{"type": "subscribe", "task_id": …}` and `unsubscribe` keep to some of them. After
`{"type": "watch", "topic": "library"}` each change of one's library is told, too, as
`{"type": "library_update", "image_ids": […], "more": false}`; `more` says that others changed besides these. `unwatch`
ends that. `{"type": "heartbeat"}` is answered by the same.
"""

TAGS = [
    {"name": "wardrobe", "description": "The interface under `/api`: cookie session, success envelopes."},
    {"name": "studio", "description": "The interface under `/api/v1`: tokens, resources, problem details."},
    {"name": "accounts", "description": "Signing in, tokens, sessions, the account itself."},
    {"name": "library", "description": "Pictures: adding, browsing, changing, the trash, their files."},
    {"name": "fitting", "description": "Garments on people: try-ons, previews, history, and the engines."},
    {"name": "generation", "description": "Pictures from words: one by one, in batches, from templates."},
    {"name": "tasks", "description": "Long jobs: how far they are, cancelling, trying again."},
    {"name": "administration", "description": "For those whose role allows it."},
    {"name": "operation", "description": "For those who run the server."},
    {"name": "page", "description": "What the fitting page itself asks."},
]

SECURITY = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "Set by signing in; also a guest's.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token (`/api/v1/auth/token`, 15 minutes) or an API token.",
    },
}

_FAULTS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
        "required": ["field", "reason"],
    },
}
SCHEMAS: dict[str, Any] = {
    "WardrobeError": {
        "type": "object",
        "required": ["success", "error", "code"],
        "properties": {
            "success": {"const": False},
            "error": {"type": "string", "description": "a sentence for a person"},
            "code": {"type": "string", "description": "stable, for programs"},
            "hint": {"type": "string", "description": "what to do about it"},
            "errors": _FAULTS,
        },
        "example": {
            "success": False,
            "error": "需要登录 · Please sign in",
            "code": "sign_in_needed",
            "hint": "登录后可以管理图片、收藏喜欢的结果，并在所有设备上使用。",
        },
    },
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "detail", "code"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "a sentence for a person"},
            "code": {"type": "string", "description": "stable, for programs"},
            "hint": {"type": "string", "description": "what to do about it"},
            "request_id": {"type": "string"},
            "errors": _FAULTS,
        },
        "example": {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "There is no picture “0190”.",
            "code": "not_there",
            "hint": "It may have been deleted; look into the trash.",
            "request_id": "019357a41b7e8c2f51ba4f06aa31c0de",
        },
    },
    "PageError": {
        "type": "object",
        "required": ["code", "message", "hint"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "hint": {"type": "string"}},
    },
}
ERRORS = {
    Interface.WARDROBE: ("WardrobeError", "application/json"),
    Interface.STUDIO: ("Problem", "application/problem+json"),
    Interface.PAGE: ("PageError", "application/json"),
}
SAME = {
    "auth": "accounts",
    "users": "accounts",
    "admin": "administration",
    "wardrobe: library": "library",
    "wardrobe: uploads": "library",
    "pictures": "library",
    "wardrobe: fitting": "fitting",
}
"""What features call their part, and what it is called here."""
METHODS = frozenset({"get", "put", "post", "delete", "patch"})


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of ``app`` as it is routed now."""
    document = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes, tags=TAGS, summary=None
    )
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas |= SCHEMAS
    for made_by_the_framework in ("HTTPValidationError", "ValidationError"):
        schemas.pop(made_by_the_framework, None)
    parts["securitySchemes"] = SECURITY
    document["security"] = [{}, {"session": []}, {"bearer": []}]
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if method in METHODS:
                _complete(operation, find_interface(path))
    return name_operations(document)


def _complete(operation: dict[str, Any], interface: Interface) -> None:
    if interface is not Interface.PAGE:
        tags = operation["tags"] = [SAME.get(tag, tag) for tag in operation.get("tags", [])]
        name = interface.name.lower()
        if name not in tags:
            tags.insert(0, name)
    elif not operation.get("tags"):
        operation["tags"] = ["page"]
    schema, media_type = ERRORS[interface]
    told = {
        "description": "An error; `code` says which.",
        "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }
    responses = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    responses.setdefault("4XX", told)
    responses.setdefault("5XX", told)
