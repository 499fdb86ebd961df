"""Where HubSpot tells us that records have changed: checked, written down, answered; whoever acts on it does so elsewhere."""
