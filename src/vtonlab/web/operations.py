"""What operations and bodies are called in /openapi.json: what a generated client calls its functions and types."""

from __future__ import annotations

import json
import re
from typing import Any, Final

NAMES: Final = {
    "GET /api/auth/check": "wardrobe_check_sign_in",
    "GET /api/vton/check": "wardrobe_check_engines",
    "GET /api/user/file-paths": "wardrobe_list_file_paths",
    "GET /api/user/paths": "wardrobe_list_paths",
    "GET /api/user/profile": "wardrobe_get_profile",
    "GET /api/user/{user_id}/file-paths": "wardrobe_list_file_paths_of",
    "GET /api/user/{user_id}/images/{filename}": "wardrobe_picture_by_name",
    "GET /api/user/{user_id}/vton_results/{filename}": "wardrobe_result_by_name",
    "GET /api/v1/admin/audit/actions": "list_audit_actions",
    "GET /api/v1/admin/stats": "get_stats",
    "GET /api/v1/admin/tasks": "list_all_tasks",
    "POST /api/v1/admin/tasks/{task_id}/cancel": "cancel_any_task",
    "POST /api/v1/admin/tasks/{task_id}/retry": "retry_any_task",
    "POST /api/v1/admin/users/{user_id}/reset-link": "make_reset_link",
    "GET /api/v1/auth/api-tokens": "list_api_tokens",
    "POST /api/v1/auth/api-tokens": "make_api_token",
    "DELETE /api/v1/auth/api-tokens/{token_id}": "delete_api_token",
    "POST /api/v1/auth/local": "sign_in_at_home",
    "POST /api/v1/auth/password": "change_password",
    "POST /api/v1/auth/refresh": "refresh_token",
    "POST /api/v1/auth/revoke": "revoke_token",
    "DELETE /api/v1/auth/sessions": "end_other_sessions",
    "POST /api/v1/auth/setup": "redeem_link",
    "POST /api/v1/auth/token": "get_token",
    "GET /api/v1/engines": "list_engines",
    "GET /api/v1/images": "list_image_tasks",
    "POST /api/v1/images/batch-generate": "generate_batch",
    "GET /api/v1/images/batch/{batch_name}": "get_batch",
    "GET /api/v1/images/batch/{batch_name}/download": "download_batch",
    "POST /api/v1/images/batch/{batch_name}/download": "check_batch_download",
    "GET /api/v1/images/batch/{batch_name}/results": "get_batch_results",
    "GET /api/v1/images/batch/{batch_name}/status": "get_batch_status",
    "POST /api/v1/images/generate": "generate_image",
    "GET /api/v1/images/providers": "list_providers",
    "GET /api/v1/images/tasks/{task_id}": "get_image_task",
    "POST /api/v1/library/download": "download_images",
    "POST /api/v1/library/downloads": "prepare_download",
    "GET /api/v1/library/downloads/{ticket}": "fetch_download",
    "GET /api/v1/library/ids": "list_image_ids",
    "POST /api/v1/library/images": "upload_images",
    "POST /api/v1/library/images/import": "import_image",
    "DELETE /api/v1/library/images/{image_id}/favorite": "remove_favorite",
    "PUT /api/v1/library/images/{image_id}/favorite": "add_favorite",
    "GET /api/v1/library/images/{image_id}/file": "get_image_file",
    "GET /api/v1/library/images/{image_id}/similar": "list_similar_images",
    "GET /api/v1/library/images/{image_id}/thumbnail": "get_image_thumbnail",
    "GET /api/v1/library/statistics": "get_library_statistics",
    "DELETE /api/v1/library/trash/{image_id}": "delete_from_trash",
    "POST /api/v1/tryon": "try_on",
    "GET /api/v1/tryon/advice": "get_advice",
    "GET /api/v1/tryon/history": "list_fittings",
    "GET /api/v1/tryon/notes": "list_notes",
    "POST /api/v1/tryon/preview": "preview_fitting",
    "GET /api/v1/tryon/{vton_id}": "get_fitting",
    "GET /api/v1/tryon/{vton_id}/mask": "get_fitting_mask",
    "DELETE /api/v1/users/me": "delete_me",
    "GET /api/v1/users/me": "get_me",
    "PATCH /api/v1/users/me": "edit_me",
    "GET /api/v1/users/me/export": "export_me",
}
"""Where the name of the function that answers does not say it. A name that is given never changes: programs are
written with it."""
FILES: Final = re.compile(r"image/.*|application/zip")


def name_operations(document: dict[str, Any]) -> dict[str, Any]:
    """``document`` with a name for each operation, and its bodies among the schemas that have one."""
    renamed: dict[str, str] = {}
    schemas: dict[str, Any] = document["components"]["schemas"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            old = operation["operationId"]
            operation["operationId"] = _name(path, method, old)
            renamed[f"Body_{old}"] = _title(operation["operationId"]) + "Form"
            _lift_body(operation, schemas)
            _describe_files(operation)
    text = json.dumps(document)
    for old, new in renamed.items():
        if old in schemas:
            text = text.replace(f'"{old}"', f'"{new}"').replace(f'schemas/{old}"', f'schemas/{new}"')
    named: dict[str, Any] = json.loads(text)
    return named


def _name(path: str, method: str, old: str) -> str:
    ending = re.sub(r"\W", "_", path) + "_" + method
    name = NAMES.get(f"{method.upper()} {path}", old.removesuffix(ending))
    is_wardrobe = path.startswith("/api/") and not path.startswith("/api/v1/")
    return f"wardrobe_{name}" if is_wardrobe and not name.startswith("wardrobe_") else name


def _title(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _lift_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """A JSON body that was described by hand gets its place among the schemas."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    title = schema.get("title")
    if title and "$defs" not in schema and schemas.get(title, schema) == schema:
        schemas[title] = schema
        content["schema"] = {"$ref": f"#/components/schemas/{title}"}


def _describe_files(operation: dict[str, Any]) -> None:
    for answer in operation["responses"].values():
        for media_type, content in answer.get("content", {}).items():
            if FILES.fullmatch(media_type):
                content.setdefault("schema", {"type": "string", "format": "binary"})
