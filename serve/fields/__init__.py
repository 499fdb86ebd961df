"""What a tenant's HubSpot properties and ticket stages mean: what they could, and what people said they do."""
