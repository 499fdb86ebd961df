{#
    Whether this build scores only what no longer holds, and since which day the scores that are kept were last written. The runner says so
    (transforms/continuing.py); a build that is told nothing scores every day.
#}
{% macro is_continued() -%}
    {{ return(var('scored_until_on') | string != '') }}
{%- endmacro %}

{# The last day that was scored when the scores that are kept were written; it was not over, and is scored once more. #}
{% macro scored_until_on() -%}
    cast('{{ var('scored_until_on') }}' as date)
{%- endmacro %}

{# The first day a company is scored on in this build; `stale_days` is int_stale_days, joined from the left: whoever is not in it is new. #}
{% macro stale_from_on(stale_days='stale_days') -%}
    {%- if is_continued() -%}
    coalesce({{ stale_days }}.stale_from_on, {{ first_day() }})
    {%- else -%}
    {{ first_day() }}
    {%- endif -%}
{%- endmacro %}

{#
    A number for a row's values, that other values have by less than chance in 10^19. Each engine has a fast one of its own; they are only ever
    compared with numbers of the same engine.
#}
{% macro digest_of(columns) -%}
    {{ adapter.dispatch('digest_of', 'churnboard')(columns) }}
{%- endmacro %}

{% macro default__digest_of(columns) -%}
    hashtextextended(cast(row({{ columns | join(', ') }}) as text), 0)
{%- endmacro %}

{% macro duckdb__digest_of(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{#
    The digests of this build beside those of the build before, which this table still holds: CTEs, of which the last is `final`. What is in one
    build alone has no digest of the other. `found` is a CTE with the columns of `key` and `digest`.
#}
{% macro beside_the_build_before(found, key) -%}
{%- if is_continued() -%}
before as (

    select
        {{ key | join(',\n        ') }},
        digest

    from {{ this }}
    where digest is not null

),

final as (

    select
        {% for column in key -%}
        coalesce({{ found }}.{{ column }}, before.{{ column }}) as {{ column }},
        {% endfor -%}
        {{ found }}.digest,
        before.digest as digest_before

    from {{ found }}
    full outer join before
        on
            {% for column in key -%}
            {{ 'and ' if not loop.first }}{{ found }}.{{ column }} = before.{{ column }}
            {% endfor %}
)

{%- else -%}
final as (

    select
        *,
        cast(null as decimal(38, 0)) as digest_before

    from {{ found }}

)

{%- endif %}
{%- endmacro %}

{# Of the rows of `beside_the_build_before`, those whose digest is another, that are new, or that are no more. #}
{% macro is_changed() -%}
    digest is null or digest_before is null or digest <> digest_before
{%- endmacro %}
