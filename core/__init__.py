"""The shared floor: what two rooms need, and no business rule. Imports nothing of ours."""
