"""Loading HubSpot into the warehouse with dlt, and a local HubSpot to load from."""
