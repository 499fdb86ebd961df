{# Days below the closing threshold, so many in a row, put a signal out. #}
{% macro signal_days_to_close() -%}
    3
{%- endmacro %}

{# A signal that returns within so many days of its last day is the same story. #}
{% macro signal_days_to_reopen() -%}
    14
{%- endmacro %}

{# For so many days after a card was called a false alarm its company and trigger raise no other, unless it gets worse. #}
{% macro false_alarm_days() -%}
    30
{%- endmacro %}

{# An outcome is held against the card for so long; what happens later has other reasons. #}
{% macro outcome_days() -%}
    90
{%- endmacro %}

{# The actor of what the pipeline itself does to cards (core.cards.MACHINE). #}
{% macro machine() -%}
    'churnboard'
{%- endmacro %}

{# The side of a card an event says something about; of each side the last word counts (core.cards.folded). #}
{% macro side_of_event(event_type) -%}
    case {{ event_type }}
        when 'assigned' then 'assignee'
        when 'severity_overridden' then 'severity'
        when 'commented' then 'comment'
        else 'status'
    end
{%- endmacro %}

{#
    A moment `hours` (at most 8) working hours later: Monday to Friday, 9 to 17 UTC. What starts outside of them starts when they next do;
    what would end after 17 goes on the next morning. DuckDB and Postgres both count isodow from Monday = 1.
#}
{% macro working_hours_after(at, hours) -%}
    {%- set day_on -%}cast({{ at }} as date){%- endset -%}
    {%- set is_over -%}(extract(isodow from {{ at }}) > 5 or {{ at }} - cast({{ day_on }} as timestamp) >= interval '17 hours'){%- endset -%}
    {%- set next_on -%}
        ({{ day_on }} + case when extract(isodow from {{ at }}) >= 5 then 8 - cast(extract(isodow from {{ at }}) as integer) else 1 end)
    {%- endset -%}
    case
        when {{ is_over }} then cast({{ next_on }} as timestamp) + interval '{{ 9 + hours }} hours'
        when {{ at }} - cast({{ day_on }} as timestamp) <= interval '{{ 17 - hours }} hours'
            then greatest({{ at }}, cast({{ day_on }} as timestamp) + interval '9 hours') + interval '{{ hours }} hours'
        else cast({{ next_on }} as timestamp) + interval '9 hours'
            + ({{ at }} - (cast({{ day_on }} as timestamp) + interval '{{ 17 - hours }} hours'))
    end
{%- endmacro %}

{# By when a person should have looked at a card that came up at a moment: four working hours, one day, three days, the next weekly digest. #}
{% macro touch_due(at, severity) -%}
    case {{ severity }}
        when 'critical' then {{ working_hours_after(at, 4) }}
        when 'high' then {{ at }} + interval '1 day'
        when 'medium' then {{ at }} + interval '3 days'
        -- The digest goes out on Mondays at nine.
        else cast(cast({{ at }} as date) + (8 - cast(extract(isodow from {{ at }}) as integer)) as timestamp) + interval '9 hours'
    end
{%- endmacro %}

{# What happened to cards by as_of, each event under the id of the card it counts for: that of another one, where two turned out to be one. #}
{% macro card_events() -%}
    select
        events.tenant_id,
        coalesce(aliases.card_id, events.card_id) as card_id,
        events.card_id as written_for,
        events.seq,
        events.event_type,
        events.actor,
        events.status,
        events.payload,
        events.occurred_at

    from {{ ref('stg_app__card_events') }} as events
    left join {{ ref('int_card_aliases') }} as aliases
        on
            events.tenant_id = aliases.tenant_id
            and events.card_id = aliases.alias_id
    where events.occurred_at <= {{ as_of_at() }}
{%- endmacro %}

{# By card of `cards` (a CTE), the last day on which a message was too old for its frustration, on each of its days by the window then in force. #}
{% macro too_old_for_cards() -%}
    select
        cards.tenant_id,
        cards.card_id,
        min(greatest(cards.opened_on, params.valid_from_on) - cast(ceil(params.param_value) as integer)) as too_old_on

    from cards
    inner join {{ ref('int_trigger_params') }} as params
        on
            cards.tenant_id = params.tenant_id
            and cards.last_signal_on >= params.valid_from_on
            and cards.opened_on <= params.valid_to_on
    where params.trigger_type = 'frustrated' and params.param_name = 'window_days'
    group by cards.tenant_id, cards.card_id
{%- endmacro %}

{#
    What a company was known to pay on the day its card opened: by HubSpot's own history of the amount, or else by what the card was published
    with; null where that was assumed, or is in another currency.
#}
{% macro paid_when_opened(cards, history) -%}
    case
        when {{ history }}.is_history then {{ history }}.fact_number
        when {{ cards }}.opened_mrr_source = 'mapped_property' then {{ cards }}.opened_mrr
    end
{%- endmacro %}

{# Days of cards (a CTE) with the numbers and the sentence that these scores have for them. #}
{% macro with_words(days, scores) -%}
    select
        days.*,
        scores.components,
        scores.why

    from {{ days }} as days
    inner join {{ scores }} as scores
        on
            days.tenant_id = scores.tenant_id
            and days.company_id = scores.company_id
            and days.trigger_type = scores.trigger_type
            and days.scored_on = scores.scored_on
{%- endmacro %}
