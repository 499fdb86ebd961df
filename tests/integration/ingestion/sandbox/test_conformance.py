"""Answers against HubSpot's own OpenAPI documents, where ``HUBSPOT_OPENAPI_DIR`` names their folder.

Where the documents are known to be wrong, the schema is put right here: batch errors carry a text as ``subCategory`` and
no ``errors`` or ``links``, a label may be null, a former owner has no ``userId``, an empty property is null in v3 too.
The signed copy of a token that introspection carries is left out by the sandbox: nothing can check it.
"""

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator

from ingestion.sandbox.app import CLIENT_ID, CLIENT_SECRET
from ingestion.sandbox.server import RunningSandbox
from ingestion.sandbox.world import Portal

FOLDER = os.environ.get("HUBSPOT_OPENAPI_DIR")

pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="HUBSPOT_OPENAPI_DIR is not set: answers are NOT compared with HubSpot's OpenAPI documents"
)

BATCH = {
    "inputs": [{"id": "5000"}, {"id": "10000000001"}, {"id": "1"}],
    "properties": ["subject"],
    "propertiesWithHistory": [],
}
LINKS = {"inputs": [{"id": "5000"}, {"id": "1"}]}

CASES = [
    ("crm_tickets_2026-09", "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", "GET",
     "/crm/objects/2026-09/tickets?limit=3&associations=companies&propertiesWithHistory=subject", None),
    ("crm_tickets_2026-09", "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", "GET",
     "/crm/objects/2026-09/tickets?archived=true&properties=closed_date", None),
    ("crm_tickets_v3", "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", "GET",
     "/crm/v3/objects/tickets?limit=3&associations=companies", None),
    ("crm_companies_2026-09", "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", "GET",
     "/crm/objects/2026-09/companies?properties=name", None),
    ("crm_contacts_2026-09", "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", "GET",
     "/crm/objects/2026-09/contacts?properties=email", None),
    *(
        (f"crm_{kind}_{version}", "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", "GET", path, None)
        for kind in ("emails", "notes")
        for version, path in (("2026-09", f"/crm/objects/2026-09/{kind}"), ("v3", f"/crm/v3/objects/{kind}"))
    ),
    *(
        (f"crm_{kind}_2026-09", "CollectionResponseWithTotalSimplePublicObject", "POST",
         f"/crm/objects/2026-09/{kind}/search", {"limit": 2})
        for kind in ("emails", "notes")
    ),
    ("crm_tickets_2026-09", "SimplePublicObjectWithAssociations", "GET",
     "/crm/objects/2026-09/tickets/5000?associations=contacts", None),
    ("crm_tickets_2026-09", "CollectionResponseWithTotalSimplePublicObject", "POST",
     "/crm/objects/2026-09/tickets/search", {"limit": 2}),
    ("crm_tickets_v3", "CollectionResponseWithTotalSimplePublicObject", "POST",
     "/crm/v3/objects/tickets/search", {"limit": 2}),
    ("crm_tickets_2026-09", "BatchResponseSimplePublicObject", "POST",
     "/crm/objects/2026-09/tickets/batch/read", BATCH),
    ("crm_tickets_v3", "BatchResponseSimplePublicObjectWithErrors", "POST",
     "/crm/v3/objects/tickets/batch/read", BATCH),
    ("crm_associations_2026-09", "BatchResponsePublicAssociationMultiWithLabel", "POST",
     "/crm/associations/2026-09/tickets/companies/batch/read", LINKS),
    ("crm_associations_v4", "BatchResponsePublicAssociationMultiWithLabelWithErrors", "POST",
     "/crm/v4/associations/tickets/companies/batch/read", LINKS),
    ("crm_associationsSchema_v4", "CollectionResponseAssociationSpecWithLabelNoPaging", "GET",
     "/crm/v4/associations/tickets/companies/labels", None),
    *(
        ("crm_associationsSchema_v4", "CollectionResponseAssociationSpecWithLabelNoPaging", "GET",
         f"/crm/{api}/tickets/{kind}/labels", None)
        for api in ("associations/2026-09", "v4/associations") for kind in ("emails", "notes", "contacts")
    ),
    *(
        (f"crm_{kind}_{version}", schema, "POST", f"/crm/{path}/{kind}/batch/read", BATCH)
        for kind in ("emails", "notes")
        for version, path, schema in (
            ("2026-09", "objects/2026-09", "BatchResponseSimplePublicObject"),
            ("v3", "v3/objects", "BatchResponseSimplePublicObjectWithErrors"),
        )
    ),
    *(
        (f"crm_properties_{version}", "CollectionResponsePropertyNoPaging", "GET", f"/crm/{path}/{kind}", None)
        for kind in ("emails", "notes", "contacts")
        for version, path in (("2026-09", "properties/2026-09"), ("v3", "v3/properties"))
    ),
    *(
        (f"crm_{kind}_{version}", "SimplePublicObject", "POST", f"/crm/{path}/{kind}/merge", None)
        for kind in ("tickets", "companies", "contacts")
        for version, path in (("2026-09", "objects/2026-09"), ("v3", "v3/objects"))
    ),
    *(
        (f"crm_tickets_{version}", "SimplePublicObject", "PATCH", f"/crm/{path}/tickets/5000", {"properties": {"subject": "x"}})
        for version, path in (("2026-09", "objects/2026-09"), ("v3", "v3/objects"))
    ),
    ("crm_tickets_2026-09", "Error", "PATCH", "/crm/objects/2026-09/tickets/5000", {"properties": {"odd": "x"}}),
    ("crm_contacts_2026-09", "Error", "POST", "/crm/objects/2026-09/contacts/gdpr-delete", {"objectId": "1"}),
    ("crm_contacts_2026-09", "Error", "POST", "/crm/objects/2026-09/contacts/merge", {"primaryObjectId": "1"}),
    ("crm_pipelines_2026-09", "CollectionResponsePipelineNoPaging", "GET", "/crm/pipelines/2026-09/tickets", None),
    ("crm_pipelines_v3", "CollectionResponsePipelineNoPaging", "GET", "/crm/v3/pipelines/tickets", None),
    ("crm_properties_2026-09", "CollectionResponsePropertyNoPaging", "GET", "/crm/properties/2026-09/tickets", None),
    ("crm_properties_v3", "CollectionResponsePropertyNoPaging", "GET", "/crm/v3/properties/companies", None),
    ("crm_owners_2026-09", "CollectionResponsePublicOwnerForwardPaging", "GET", "/crm/owners/2026-09?limit=1", None),
    ("crm_owners_v3", "CollectionResponsePublicOwnerForwardPaging", "GET", "/crm/v3/owners/?archived=true", None),
    ("accountInfo_2026-09", "PortalInformationResponse", "GET", "/account-info/2026-09/details", None),
    ("accountInfo_v3", "PortalInformationResponse", "GET", "/account-info/v3/details", None),
    ("crm_tickets_2026-09", "Error", "GET", "/crm/objects/2026-09/tickets?limit=101", None),
    ("crm_tickets_2026-09", "Error", "GET", "/crm/objects/2026-09/tickets/1", None),
    ("crm_associations_2026-09", "Error", "POST", "/crm/associations/2026-09/tickets/companies/batch/read",
     {"inputs": [{"id": "x"}]}),
]  # fmt: skip


def document(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((Path(str(FOLDER)) / f"{name}.json").read_text())
    schemas = loaded["components"]["schemas"]
    if "StandardError" in schemas:
        schemas["StandardError"]["required"] = ["category", "context", "message", "status"]
        schemas["StandardError"]["properties"]["subCategory"] = {"type": "string"}
    for schema, field in (("AssociationSpecWithLabel", "label"), ("PublicOwner", "userId")):
        if schema in schemas:
            schemas[schema]["properties"][field]["nullable"] = True
    for name in ("SimplePublicObject", "SimplePublicObjectWithAssociations"):
        if name in schemas:
            schemas[name]["properties"]["properties"]["additionalProperties"]["nullable"] = True
    if "PublicAccessTokenInfoResponse" in schemas:
        schemas["PublicAccessTokenInfoResponse"]["required"].remove("signed_access_token")
    return loaded


def closed(node: Any) -> Any:
    """A schema in JSON Schema's words: ``nullable`` becomes a type, and a field the document does not list is an error."""
    if isinstance(node, list):
        return [closed(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = {key: closed(value) for key, value in node.items() if key not in {"nullable", "example"}}
    if node.get("nullable") and isinstance(node.get("type"), str):
        found["type"] = [node["type"], "null"]
    if node.get("type") == "object" and isinstance(node.get("properties"), dict) and node["properties"]:
        found.setdefault("additionalProperties", False)
    return found


def problems(name: str, schema: str, body: Any) -> list[str]:
    loaded = document(name)
    whole = {"components": {"schemas": closed_schemas(loaded)}, "$ref": f"#/components/schemas/{schema}"}
    return [f"{'/'.join(map(str, one.path))}: {one.message}" for one in Draft4Validator(whole).iter_errors(body)]


def closed_schemas(loaded: dict[str, Any]) -> dict[str, Any]:
    schemas = loaded["components"]["schemas"]
    if "Error" in schemas:
        schemas["Error"]["properties"]["status"] = {"type": "string"}
    return {name: closed(schema) for name, schema in schemas.items()}


@pytest.mark.parametrize(("name", "schema", "method", "path", "body"), CASES)
def test_an_answer_has_the_documented_shape(
    api: httpx.Client, portal: Portal, name: str, schema: str, method: str, path: str, body: Any
) -> None:
    if path.endswith("/merge") and body is None:
        first, second = portal.ids(path.split("/")[-2])[:2]
        body = {"primaryObjectId": first, "objectIdToMerge": second}
    answer = api.request(method, path, json=body)
    assert (answer.status_code >= 400) == (schema == "Error"), answer.text
    found = answer.json()
    assert found.get("results") != [], "nothing was compared"
    assert problems(name, schema, found) == []


def test_tokens_have_the_documented_shape(sandbox: RunningSandbox, portal: Portal) -> None:
    grant = portal.tokens.grant()
    form = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    refreshed = httpx.post(
        f"{sandbox.base_url}/oauth/2026-09/token",
        data=form | {"grant_type": "refresh_token", "refresh_token": str(grant.refresh_token)},
    )
    assert problems("oauth_2026-03", "AccessTokenResponse", refreshed.json()) == []
    found = httpx.post(f"{sandbox.base_url}/oauth/2026-03/token/introspect", data=form | {"token": grant.token})
    assert problems("oauth_2026-03", "PublicAccessTokenInfoResponse", found.json()) == []


def test_the_comparison_can_fail(api: httpx.Client) -> None:
    body = api.get("/crm/objects/2026-09/tickets?limit=1").json()
    del body["results"][0]["createdAt"]
    body["results"][0]["properties"]["subject"] = 5
    found = problems("crm_tickets_2026-09", "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging", body)
    assert len(found) == 2
