"""The budgets HubSpot gives a portal: the state machine, the stores it is shared through, and how a person sees them."""
