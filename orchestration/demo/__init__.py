"""`make demo`: the main job on generated or given tickets, from a sandbox HubSpot to a board in the browser."""
