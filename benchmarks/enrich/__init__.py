"""Reading tickets with a paid model: how much of a server is used, what a call costs, what is held in memory."""
