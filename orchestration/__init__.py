"""Dagster, and only Dagster: wraps what ingestion, analysis, transforms and core do as assets, jobs, schedules and checks."""
