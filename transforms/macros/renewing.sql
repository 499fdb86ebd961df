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
    The rows of `model`, each of a ticket, that a mart is made of which has a row for each of them: in a build that goes on those of stale tickets, and those
    that have no such row in the mart yet; else all. Rows are told from each other by the columns of `key`, which may be null. It stands in a `from` and is
    given a name there.
#}
{% macro renewed_or_new(model, key) -%}
    {%- if is_continued() or not execute -%}
    (
        select rows_there.*
        from {{ ref(model) }} as rows_there
        left join {{ ref('int_stale_tickets') }} as stale_tickets
            on
                rows_there.tenant_id = stale_tickets.tenant_id
                and rows_there.ticket_id = stale_tickets.ticket_id
        left join {{ this }} as held
            on {{ is_same_row('held', 'rows_there', key) }}
        where stale_tickets.ticket_id is not null or held.tenant_id is null
    )
    {%- else -%}
    {{ ref(model) }}
    {%- endif -%}
{%- endmacro %}

{#
    The rows of a model of tickets that a mart is made of in which old tickets have a row as long as something keeps them: in a build that goes on those of
    stale tickets, and of what is in `keeping` (a CTE) and has no row in the mart yet. It stands in a `from` and is given a name there.
#}
{% macro renewed_or_kept_by(model, keeping) -%}
    {%- if is_continued() or not execute -%}
    (
        select rows_there.*
        from {{ ref(model) }} as rows_there
        inner join (
            select
                tenant_id,
                ticket_id
            from {{ ref('int_stale_tickets') }}
            union
            select
                missing.tenant_id,
                missing.ticket_id
            from {{ keeping }} as missing
            where not exists (select 1 from {{ this }} as held where {{ is_same_row('held', 'missing', ['tenant_id', 'ticket_id']) }})
        ) as wanted
            on
                rows_there.tenant_id = wanted.tenant_id
                and rows_there.ticket_id = wanted.ticket_id
    )
    {%- else -%}
    {{ ref(model) }}
    {%- endif -%}
{%- endmacro %}

{#
    The rows of a model that are of `tickets` (a CTE), which in a build that goes on are few: found first, so that nothing is made of all the others before
    it is left out. In another build they are all there is, and the planner of Postgres knows more of the model than of a CTE.
#}
{% macro on_tickets(model) -%}
    select rows_there.*
    from {{ ref(model) }} as rows_there
    {% if is_continued() or not execute -%}
    inner join tickets
        on
            rows_there.tenant_id = tickets.tenant_id
            and rows_there.ticket_id = tickets.ticket_id
    {%- endif %}
{%- endmacro %}

{% macro is_same_row(one, other, key) -%}
    {% for column in key -%}
    {{ 'and ' if not loop.first }}{{ one }}.{{ column }} {{ '=' if column.endswith('_id') else 'is not distinct from' }} {{ other }}.{{ column }}
    {% endfor %}
{%- endmacro %}

{# Days of which some reading is another than in the build before, is new, or is no more. #}
{% macro recounted_days() -%}
    select
        tenant_id,
        task,
        metric_on

    from {{ ref('int_reading_inputs') }}
    where {{ is_changed() }}
{%- endmacro %}

{# The rows of `readings` (a CTE with task and day) that a model of days of readings counts: in a build that goes on those of the days above; else all. #}
{% macro of_recounted_days(readings) -%}
    select readings.*
    from {{ readings }} as readings
    {% if is_continued() or not execute -%}
    inner join ({{ recounted_days() }}) as recounted_days
        on
            readings.tenant_id = recounted_days.tenant_id
            and readings.task = recounted_days.task
            and readings.metric_on = recounted_days.metric_on
    {%- endif %}
{%- endmacro %}
