-- What is found here stands in the place of what was found of cards with stale days before.
-- depends_on: {{ ref('int_stale_card_days') }}
{{ config(
    materialized='incremental',
    incremental_strategy='rescored_whole_cards',
    unique_key=['tenant_id', 'card_id', 'last_on'],
) }}

with {% if is_continued() or not execute -%}
stale_days as (

    select * from {{ ref('int_stale_card_days') }}

),

{% endif -%}
{% if is_continued() -%}
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
        max(score) as worst_score

    from card_days
    group by tenant_id, card_id

),

worst_days as (

    select
        spans.tenant_id,
        spans.card_id,
        max(card_days.scored_on) as worst_on

    from spans
    inner join card_days
        on
            spans.tenant_id = card_days.tenant_id
            and spans.card_id = card_days.card_id
            and spans.worst_score = card_days.score
    group by spans.tenant_id, spans.card_id

),

-- Grouped, so that no planner pairs the days of a card with each other.
worst as (

    select
        spans.tenant_id,
        spans.card_id,
        spans.last_on,
        spans.card_rank,
        spans.notify_flag,
        spans.worst_score,
        worst_days.worst_on,
        max(card_days.company_id) as company_id,
        max(card_days.trigger_type) as trigger_type,
        max(case when card_days.scored_on = spans.first_on then card_days.judged_rank end) as opened_rank,
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
        worst_days.worst_on

),

{% if is_continued() -%}
-- The numbers and the sentence of a day that was not scored anew are those of the build before: they are long, and many.
words_before as (

    select
        kept.tenant_id,
        kept.card_id,
        kept.scored_on,
        kept.components,
        kept.why

    from {{ this }} as kept
    inner join stale_days
        on
            kept.tenant_id = stale_days.tenant_id
            and kept.company_id = stale_days.company_id
            and kept.scored_on < stale_days.stale_from_on

),

{% endif -%}
anew as (

    select worst.*

    from worst
    {% if is_continued() -%}
    left join words_before
        on
            worst.tenant_id = words_before.tenant_id
            and worst.card_id = words_before.card_id
            and worst.worst_on = words_before.scored_on
    where words_before.card_id is null
    {% endif %}
),

told as (

    select
        anew.*,
        scores.components,
        scores.why

    from anew
    inner join {{ ref('int_trigger_scores_daily') }} as scores
        on
            anew.tenant_id = scores.tenant_id
            and anew.company_id = scores.company_id
            and anew.trigger_type = scores.trigger_type
            and anew.worst_on = scores.scored_on
    {% if is_continued() %}
    union all

    select
        worst.*,
        words_before.components,
        words_before.why

    from worst
    inner join words_before
        on
            worst.tenant_id = words_before.tenant_id
            and worst.card_id = words_before.card_id
            and worst.worst_on = words_before.scored_on
    {% endif %}
),

final as (

    select
        tenant_id,
        card_id,
        company_id,
        last_on,
        opened_rank,
        card_rank,
        notify_flag = 1 as is_notify,
        worst_score as score,
        worst_on as scored_on,
        components,
        why,
        ticket_id,
        rule_version

    from told

)

select * from final
