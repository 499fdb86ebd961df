"""Daily series behind the dashboard."""
