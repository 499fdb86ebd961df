-- What is found here stands in the place of what was found of stale days of cards before.
-- depends_on: {{ ref('int_stale_card_days') }}
{{ config(
    materialized='incremental',
    incremental_strategy='rescored_cards',
    unique_key=['tenant_id', 'card_id', 'changed_on'],
) }}

with {% if is_continued() -%}
stale_days as (

    select * from {{ ref('int_stale_card_days') }}

),

{% endif -%}
-- A day below the closing threshold is no day of the signal: nothing is told of how bad it was.
days as (

    select
        tenant_id,
        card_id,
        company_id,
        scored_on,
        score,
        judged_rank,
        is_coming_on

    from {{ ref('int_card_days') }}
    where is_holding

),

{% if is_continued() -%}
stale as (

    select days.*

    from days
    inner join stale_days
        on
            days.tenant_id = stale_days.tenant_id
            and days.company_id = stale_days.company_id
            and days.scored_on >= stale_days.stale_from_on

),

-- What the first of these followed.
last_before as (

    select
        days.tenant_id,
        days.card_id,
        max(days.scored_on) as scored_on

    from days
    inner join stale_days
        on
            days.tenant_id = stale_days.tenant_id
            and days.company_id = stale_days.company_id
            and days.scored_on < stale_days.stale_from_on
    group by days.tenant_id, days.card_id

),

followed as (

    select
        *,
        true as is_judged
    from stale

    union all

    select
        days.*,
        false
    from days
    inner join last_before
        on
            days.tenant_id = last_before.tenant_id
            and days.card_id = last_before.card_id
            and days.scored_on = last_before.scored_on

),

{%- else -%}
followed as (

    select
        *,
        true as is_judged
    from days

),

{%- endif %}

in_turn as (

    select
        *,
        lag(judged_rank) over (partition by tenant_id, card_id order by scored_on) as rank_before

    from followed

),

final as (

    select
        tenant_id,
        card_id,
        company_id,
        scored_on as changed_on,
        score,
        judged_rank,
        rank_before,
        is_coming_on

    from in_turn
    where is_judged and (is_coming_on or judged_rank <> rank_before)

)

select * from final
