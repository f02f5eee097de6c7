"""What the spans, log records and metrics of one resource and scope share, from OTLP in JSON."""

from __future__ import annotations

from typing import Any

from llmscope.sources._cells import text
from llmscope.sources._otlp_rows import UnreadableError
from llmscope.sources._otlp_values import attributes, field, whole


def of_resource(group: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a group's resource, and its schema URL."""
    resource = group.get("resource") or {}
    out = _attributes(resource, "resource")
    if url := text(field(group, "schemaUrl")):
        out["otel.resource.schema_url"] = url
    if type(resource) is dict and (dropped := whole(field(resource, "droppedAttributesCount"))):
        out["otel.resource.dropped_attributes_count"] = dropped
    return out


def of_scope(group: dict[str, Any]) -> dict[str, Any]:
    """Return name, version, attributes and schema URL of a group's scope as ``otel.scope.*``."""
    scope = group.get("scope") or field(group, "instrumentationLibrary") or {}
    out: dict[str, Any] = {}
    if type(scope) is not dict:
        return {"otel.field.scope": scope}
    for key in ("name", "version"):
        if value := text(scope.get(key)):
            out[f"otel.scope.{key}"] = value
    for key, value in _attributes(scope, "scope").items():
        out[f"otel.scope.attributes.{key}"] = value
    if url := text(field(group, "schemaUrl")):
        out["otel.scope.schema_url"] = url
    return out


def _attributes(owner: Any, name: str) -> dict[str, Any]:
    """Return the attributes of a resource or scope; what cannot be read must not cost the spans that stand under it."""
    if type(owner) is not dict:
        return {f"otel.field.{name}": owner}
    try:
        return attributes(owner.get("attributes"))
    except UnreadableError:
        return {f"otel.field.{name}": owner}
