"""The dbt project: from what was loaded and read to the marts. The SQL is beside this file; only `runner` imports dbt."""
