"""A local HubSpot: the same paths, limits and refusals as the real API, served from memory.

Belongs here: everything that imitates HubSpot, and the worlds it serves (generated tenants with planted truth, or real
tickets from a file). Data comes from the seeded generator or a JSON-lines file and leaves through HTTP only.
Left out on purpose: any knowledge of the product that reads it. The seam between the two is a base URL.
"""
