"""What `workspace.yaml` loads."""

from orchestration.build import build_definitions

definitions = build_definitions()
