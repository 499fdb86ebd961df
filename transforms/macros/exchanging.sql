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

{# dbt's incremental strategy `recounted`: the rows of these days make room for those that were counted anew. #}
{% macro get_incremental_recounted_sql(arguments) -%}
    delete from {{ arguments['target_relation'] }} as kept
    using ({{ recounted_days() }}) as recounted_days
    where
        kept.tenant_id = recounted_days.tenant_id
        and kept.task = recounted_days.task
        and kept.metric_on = recounted_days.metric_on;

    {{ put_in(arguments) }}
{%- endmacro %}

{# dbt's incremental strategy `renewed`: the rows of stale tickets make room for those that were built anew. #}
{% macro get_incremental_renewed_sql(arguments) -%}
    {{ take_out_stale_tickets(arguments['target_relation']) }}

    {{ put_in(arguments) }}
{%- endmacro %}

{# The same where there is a row only as long as another model has one for it, told by the columns of `key`. #}
{% macro renewed_with(arguments, model, key) -%}
    {{ take_out_stale_tickets(arguments['target_relation']) }}

    delete from {{ arguments['target_relation'] }} as kept
    where not exists (
        select 1
        from {{ model }} as made_of
        where {{ is_same_row('made_of', 'kept', key) }}
    );

    {{ put_in(arguments) }}
{%- endmacro %}

{% macro get_incremental_renewed_behind_cards_sql(arguments) -%}
    {{ renewed_with(arguments, ref('int_card_tickets'), ['tenant_id', 'ticket_id']) }}
{%- endmacro %}

{% macro get_incremental_renewed_card_tickets_sql(arguments) -%}
    {{ renewed_with(arguments, ref('int_card_tickets'), arguments['unique_key']) }}
{%- endmacro %}

{% macro get_incremental_renewed_card_quotes_sql(arguments) -%}
    {{ renewed_with(arguments, ref('int_card_quotes'), arguments['unique_key']) }}
{%- endmacro %}

{% macro get_incremental_renewed_with_tickets_sql(arguments) -%}
    {{ renewed_with(arguments, ref('tickets'), ['tenant_id', 'ticket_id']) }}
{%- endmacro %}

{# The same where a ticket has rows until it is too old to be listed. #}
{% macro get_incremental_renewed_in_window_sql(arguments) -%}
    {{ take_out_stale_tickets(arguments['target_relation']) }}

    delete from {{ arguments['target_relation'] }} as kept
    where kept.created_on < {{ tickets_start_on() }};

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
