"""The budgets HubSpot gives a portal: the state machine, and the stores it is shared through. `limiter` is the way in."""
