-- What is found here stands in the place of what was found of cards with stale days before.
-- depends_on: {{ ref('int_stale_card_days') }}
{{ config(
    materialized='incremental',
    incremental_strategy='rescored_whole_cards',
    unique_key=['tenant_id', 'card_id', 'last_on'],
) }}

with {% if is_continued() -%}
stale_days as (

    select * from {{ ref('int_stale_card_days') }}

),

-- Cards with a day that was judged anew, or that had one.
stale_cards as (

    select
        days.tenant_id,
        days.card_id

    from {{ ref('int_card_days') }} as days
    inner join stale_days
        on
            days.tenant_id = stale_days.tenant_id
            and days.company_id = stale_days.company_id
            and days.scored_on >= stale_days.stale_from_on

    union

    select
        kept.tenant_id,
        kept.card_id

    from {{ this }} as kept
    inner join stale_days
        on
            kept.tenant_id = stale_days.tenant_id
            and kept.company_id = stale_days.company_id
            and kept.last_on >= stale_days.stale_from_on

),

{% endif -%}
card_days as (

    select days.*

    from {{ ref('int_card_days') }} as days
    {% if is_continued() -%}
    inner join stale_cards
        on
            days.tenant_id = stale_cards.tenant_id
            and days.card_id = stale_cards.card_id
    {% endif %}
),

spans as (

    select
        tenant_id,
        card_id,
        min(scored_on) as first_on,
        max(scored_on) as last_on,
        max(judged_rank) as card_rank,
        max(case when is_notify then 1 else 0 end) as notify_flag,
        max(score) as worst_score,
        max(case when scored_on < {{ as_of_on() }} then score end) as settled_score

    from card_days
    group by tenant_id, card_id

),

worst_days as (

    select
        spans.tenant_id,
        spans.card_id,
        max(case when card_days.score = spans.worst_score then card_days.scored_on end) as worst_on,
        max(case when card_days.score = spans.settled_score and card_days.scored_on < {{ as_of_on() }} then card_days.scored_on end) as settled_on

    from spans
    inner join card_days
        on
            spans.tenant_id = card_days.tenant_id
            and spans.card_id = card_days.card_id
            and card_days.score in (spans.worst_score, spans.settled_score)
    group by spans.tenant_id, spans.card_id

),

-- Grouped, so that no planner pairs the days of a card with each other.
final as (

    select
        spans.tenant_id,
        spans.card_id,
        max(card_days.company_id) as company_id,
        max(card_days.trigger_type) as trigger_type,
        spans.last_on,
        max(case when card_days.scored_on = spans.first_on then card_days.judged_rank end) as opened_rank,
        spans.card_rank,
        spans.notify_flag = 1 as is_notify,
        spans.worst_score as score,
        worst_days.worst_on as scored_on,
        worst_days.settled_on,
        max(case when card_days.scored_on = worst_days.worst_on then card_days.ticket_id end) as ticket_id,
        max(case when card_days.scored_on = worst_days.worst_on then card_days.rule_version end) as rule_version

    from spans
    inner join worst_days
        on
            spans.tenant_id = worst_days.tenant_id
            and spans.card_id = worst_days.card_id
    inner join card_days
        on
            spans.tenant_id = card_days.tenant_id
            and spans.card_id = card_days.card_id
            and card_days.scored_on in (spans.first_on, worst_days.worst_on)
    group by
        spans.tenant_id,
        spans.card_id,
        spans.last_on,
        spans.card_rank,
        spans.notify_flag,
        spans.worst_score,
        worst_days.worst_on,
        worst_days.settled_on

)

select * from final
