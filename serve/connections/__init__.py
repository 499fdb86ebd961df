"""The tenant's HubSpot connection: how it stands, and connecting and disconnecting it from the board."""
