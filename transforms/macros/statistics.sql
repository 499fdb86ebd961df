{# Postgres plans a table it has never analysed as if it were nearly empty, and nests loops over it; DuckDB keeps its own statistics. #}
{% macro collect_statistics() -%}
    {%- if target.type == 'postgres' -%}analyze {{ this }}{%- endif -%}
{%- endmacro %}
