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

{#
    dbt's incremental strategy `rescored`: of each company the days from its first stale one on make room for those that were built anew. The
    model's `unique_key` ends with its day. `rescored_in_window`: the same where days have rows as long as the daily marts show them.
#}
{% macro get_incremental_rescored_sql(arguments) -%}
    {{ take_out_stale_days(arguments, ref('int_stale_days')) }}

    {{ put_in(arguments) }}
{%- endmacro %}

{% macro get_incremental_rescored_in_window_sql(arguments) -%}
    delete from {{ arguments['target_relation'] }}
    where {{ arguments['unique_key'][-1] }} < {{ history_start_on() }};

    {{ get_incremental_rescored_sql(arguments) }}
{%- endmacro %}

{# dbt's incremental strategy `rescored_cards`: the same for days of cards, which are stale longer than scores (int_stale_card_days). #}
{% macro get_incremental_rescored_cards_sql(arguments) -%}
    {{ take_out_stale_days(arguments, ref('int_stale_card_days')) }}

    {{ put_in(arguments) }}
{%- endmacro %}

{# The same where a card has one row, which may be of its days before: the rows of cards that were built anew make room, too. #}
{% macro get_incremental_rescored_whole_cards_sql(arguments) -%}
    delete from {{ arguments['target_relation'] }} as kept
    using {{ arguments['temp_relation'] }} as built
    where
        kept.tenant_id = built.tenant_id
        and kept.card_id = built.card_id;

    {{ get_incremental_rescored_cards_sql(arguments) }}
{%- endmacro %}

{#
    The rows of a model, or of a view of what was loaded, that a model of tickets is made of: in a build that goes on those of stale tickets, which are
    the only ones that are built; else all. It stands in a `from` and is given a name there.
#}
{% macro renewed(model) -%}
    {%- if is_continued() or not execute -%}
    (
        select rows_there.*
        from {{ ref(model) }} as rows_there
        inner join {{ ref('int_stale_tickets') }} as stale_tickets
            on
                rows_there.tenant_id = stale_tickets.tenant_id
                and rows_there.ticket_id = stale_tickets.ticket_id
    )
    {%- else -%}
    {{ ref(model) }}
    {%- endif -%}
{%- endmacro %}

{#
    Where only some tickets have rows in a model, those that a build that goes on builds: stale ones, and whoever has none in it yet. A condition on the
    rows of `tickets` (a CTE).
#}
{% macro is_renewed(tickets) -%}
    {%- if is_continued() or not execute -%}
    (
        exists (
            select 1
            from {{ ref('int_stale_tickets') }} as stale_tickets
            where
                stale_tickets.tenant_id = {{ tickets }}.tenant_id
                and stale_tickets.ticket_id = {{ tickets }}.ticket_id
        )
        or not exists (
            select 1
            from {{ this }} as held
            where
                held.tenant_id = {{ tickets }}.tenant_id
                and held.ticket_id = {{ tickets }}.ticket_id
        )
    )
    {%- else -%}
    true
    {%- endif -%}
{%- endmacro %}

{% macro put_in(arguments) -%}
    {%- set columns = get_quoted_csv(arguments['dest_columns'] | map(attribute='name')) -%}
    insert into {{ arguments['target_relation'] }} ({{ columns }})
    select {{ columns }} from {{ arguments['temp_relation'] }}
{%- endmacro %}

{% macro take_out_stale_days(arguments, stale_days) -%}
    delete from {{ arguments['target_relation'] }} as kept
    using {{ stale_days }} as stale_days
    where
        kept.tenant_id = stale_days.tenant_id
        and kept.company_id = stale_days.company_id
        and kept.{{ arguments['unique_key'][-1] }} >= stale_days.stale_from_on;
{%- endmacro %}

{% macro take_out_stale_tickets(target) -%}
    delete from {{ target }} as kept
    using {{ ref('int_stale_tickets') }} as stale_tickets
    where
        kept.tenant_id = stale_tickets.tenant_id
        and kept.ticket_id = stale_tickets.ticket_id;
{%- endmacro %}

{# dbt's incremental strategy `renewed`: the rows of stale tickets make room for those that were built anew. #}
{% macro get_incremental_renewed_sql(arguments) -%}
    {{ take_out_stale_tickets(arguments['target_relation']) }}

    {{ put_in(arguments) }}
{%- endmacro %}

{# The same where a ticket has rows only as long as it is behind a card. #}
{% macro get_incremental_renewed_behind_cards_sql(arguments) -%}
    {{ take_out_stale_tickets(arguments['target_relation']) }}

    delete from {{ arguments['target_relation'] }} as kept
    where not exists (
        select 1
        from {{ ref('int_card_tickets') }} as card_tickets
        where
            card_tickets.tenant_id = kept.tenant_id
            and card_tickets.ticket_id = kept.ticket_id
    );

    {{ put_in(arguments) }}
{%- endmacro %}

{# The same where it has until it is too old, and as long as a card quotes it. #}
{% macro get_incremental_renewed_in_reach_sql(arguments) -%}
    {{ take_out_stale_tickets(arguments['target_relation']) }}

    delete from {{ arguments['target_relation'] }} as kept
    where
        kept.created_at < {{ with_zone("cast(" ~ readings_start_on() ~ " as timestamp)") }}
        and not exists (
            select 1
            from {{ ref('card_evidence') }} as evidence
            where
                evidence.tenant_id = kept.tenant_id
                and evidence.ticket_id = kept.ticket_id
        );

    {{ put_in(arguments) }}
{%- endmacro %}
