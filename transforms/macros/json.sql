{#
    The text at a key of a JSON object, the key being a column. DuckDB wants a path, and refuses malformed text, so it is checked first; Postgres takes
    the key itself, and json (not jsonb) because jsonb refuses the \u0000 that people paste into CRMs. Blank text counts as absent.
#}
{% macro json_field(json_text, key) -%}
    {{ adapter.dispatch('json_field', 'churnboard')(json_text, key) }}
{%- endmacro %}

{% macro default__json_field(json_text, key) -%}
    nullif(trim(cast(nullif(trim({{ json_text }}), '') as json) ->> ({{ key }})), '')
{%- endmacro %}

{% macro duckdb__json_field(json_text, key) -%}
    nullif(trim(case when json_valid({{ json_text }}) then json_extract_string({{ json_text }}, '$."' || {{ key }} || '"') end), '')
{%- endmacro %}

{#
    JSON is written by hand below because the engines space, order and round their own json_object differently, and a rebuilt component
    must be the same text on both.
#}
{% macro json_number(expression) -%}
    coalesce({{ plain_number(expression) }}, 'null')
{%- endmacro %}

{% macro json_string(expression) -%}
    coalesce(cast(to_json(cast({{ expression }} as text)) as text), 'null')
{%- endmacro %}

{% macro json_integer(expression) -%}
    coalesce({{ whole_number(expression) }}, 'null')
{%- endmacro %}

{#
    `fields`: list of [name, SQL text that is already JSON]. concat() and not ||, which would copy the growing text once per field; built for each
    scored day, that was half of a build.
#}
{% macro json_object(fields) -%}
    concat(
    {%- for name, value in fields %}
        '{{ "{" if loop.first else "," }}"{{ name }}":', {{ value }},
    {%- endfor %}
        '}'
    )
{%- endmacro %}

{# A JSON array of the names whose condition holds. `parts`: list of [name, condition]. #}
{% macro json_names_where(parts) -%}
    '[' || substr(
    {%- for name, condition in parts %}
        {{ '|| ' if not loop.first }}case when {{ condition }} then ',"{{ name }}"' else '' end
    {%- endfor %}, 2) || ']'
{%- endmacro %}

{# The texts of a JSON array, one row each; an expression of a select list. #}
{% macro json_elements(json_text) -%}
    {{ adapter.dispatch('json_elements', 'churnboard')(json_text) }}
{%- endmacro %}

{% macro default__json_elements(json_text) -%}
    json_array_elements_text(cast({{ json_text }} as json))
{%- endmacro %}

{% macro duckdb__json_elements(json_text) -%}
    unnest(from_json({{ json_text }}, '["VARCHAR"]'))
{%- endmacro %}

{# For what is true or false; null counts as false. #}
{% macro json_boolean(expression) -%}
    case when {{ expression }} then 'true' else 'false' end
{%- endmacro %}
