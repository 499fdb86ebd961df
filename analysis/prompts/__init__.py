"""Prompts are data: one YAML file a version, never edited after it was used, with its variables declared.

`analysis/prompts/<task>/<version>.yaml`, versions named `<year>-<month>-<letter>`. The newest one of a task is the one in use; an
older one stays for whoever wants to know what a row was read with.
"""

from analysis.prompts.prompt import InvalidPrompt, Prompt, latest_prompt, load_prompt

__all__ = ["InvalidPrompt", "Prompt", "latest_prompt", "load_prompt"]
