{# A part of a whole, 0 to 1; null where there is no whole. Cast first: Postgres divides whole numbers to whole numbers. #}
{% macro share(part, whole) -%}
    {{ rounded("cast(" ~ part ~ " as double precision) / nullif(" ~ whole ~ ", 0)") }}
{%- endmacro %}
