{# The schema as written in dbt_project.yml, without the target's name in front: other rooms read marts.companies, not staging_marts.companies. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
