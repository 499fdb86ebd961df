"""Prompts are data: one YAML file a version, never edited after it was used, with its variables and its answer schema declared.

`analysis/prompts/<task>/<version>.yaml`, versions named `<year>-<month>-<letter>`; the folder `PROMPTS_DIR` may hold more, laid out
in the same way. A tenant pins the version it is read with (`core.appdb.prompts`); an older one stays for whoever wants to know
what a row was read with.
"""

from analysis.prompts.library import SHIPPED, PromptEntry, PromptLibrary
from analysis.prompts.prompt import InvalidPrompt, Prompt, load_prompt

__all__ = ["SHIPPED", "InvalidPrompt", "Prompt", "PromptEntry", "PromptLibrary", "load_prompt"]
