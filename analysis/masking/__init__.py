"""Takes personal details out of a text before it is sent away, and leads from the text as sent back to the original.

Pure: no warehouse, no settings. Whom a ticket is about comes from whoever calls.

Left out on purpose: recognising names by a model (slow, and wrong about every fifth), postal addresses, and details written so
that no pattern finds them ("ana at example dot com").
"""

from analysis.masking.mask import mask
from analysis.masking.masked import MaskedSpan, MaskedText

__all__ = ["MaskedSpan", "MaskedText", "mask"]
