"""Requests that the API's own description allows, and some it does not, made up by somebody else's tool.

Every answer is one the description names, with the body and the type it names, and none is a failure of ours.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from core.vocabulary import Role
from serve.openapi import openapi_document
from tests.integration.serve.conftest import Installation

SCHEMA = schemathesis.openapi.from_dict(openapi_document())
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_as_described(installation: Installation, name: str) -> None:
    headers = {"Authorization": f"Bearer {installation.api.token('acme', Role.ADMIN)}"}
    app = installation.api.client.app

    @settings(max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=OPERATIONS[name].as_strategy())
    def check(case: schemathesis.Case) -> None:
        answer = case.call(app=app, headers=headers, allow_redirects=False)
        assert answer.status_code != 500
        case.validate_response(answer, checks=CHECKS)

    check()
