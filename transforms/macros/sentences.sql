{# A number as people write it: no trailing zeros, no exponent, the same text on both engines. #}
{% macro plain_number(expression, digits=6) -%}
    rtrim(rtrim(cast({{ exact(expression, digits) }} as text), '0'), '.')
{%- endmacro %}

{# A whole number as text. #}
{% macro whole_number(expression) -%}
    cast(cast({{ expression }} as bigint) as text)
{%- endmacro %}

{# "1 ticket", "2 tickets". #}
{% macro counted(expression, singular, plural=none) -%}
    {{ whole_number(expression) }} || case when {{ expression }} = 1 then ' {{ singular }}' else ' {{ plural or (singular ~ "s") }}' end
{%- endmacro %}

{# The parts whose condition holds, joined by `separator`. `parts`: list of [condition, SQL text]. #}
{% macro joined_where(parts, separator) -%}
    substr(
    {%- for condition, text in parts %}
        {{ '|| ' if not loop.first }}case when {{ condition }} then '{{ separator }}' || {{ text }} else '' end
    {%- endfor %}, {{ (separator | length) + 1 }})
{%- endmacro %}

{# For order by on text: Postgres sorts by the database's locale, DuckDB by bytes; a tie must break the same way on both. #}
{% macro byte_order(expression) -%}
    {{ adapter.dispatch('byte_order', 'churnboard')(expression) }}
{%- endmacro %}

{% macro default__byte_order(expression) -%}
    {{ expression }} collate "C"
{%- endmacro %}

{% macro duckdb__byte_order(expression) -%}
    {{ expression }}
{%- endmacro %}

{# HubSpot ids are numbers in text; by length and then by bytes they sort as numbers, without a cast that a stray id could break. #}
{% macro id_order(expression, direction='asc') -%}
    length({{ expression }}) {{ direction }}, {{ byte_order(expression) }} {{ direction }}
{%- endmacro %}
