-- What is judged here stands in the place of what was judged of the stale days before.
-- depends_on: {{ ref('int_stale_card_days') }}
{{ config(
    materialized='incremental',
    incremental_strategy='rescored_cards',
    unique_key=['tenant_id', 'card_id', 'scored_on'],
) }}

with {% if is_continued() or not execute -%}
stale_days as (

    select * from {{ ref('int_stale_card_days') }}

),

{% endif -%}
episodes as (

    select
        aliases.card_id,
        episodes.tenant_id,
        episodes.company_id,
        episodes.trigger_type,
        cast(greatest(episodes.opened_on, {{ stale_from_on() }}) as date) as first_on,
        episodes.last_signal_on

    from {{ ref('int_episodes') }} as episodes
    inner join {{ ref('int_card_aliases') }} as aliases
        on
            episodes.tenant_id = aliases.tenant_id
            and episodes.card_id = aliases.alias_id
    {% if is_continued() -%}
    left join stale_days
        on
            episodes.tenant_id = stale_days.tenant_id
            and episodes.company_id = stale_days.company_id
    {% endif -%}
    where episodes.last_signal_on >= {{ stale_from_on() }}

),

frustrated as (

    select * from {{ ref('int_episodes') }}
    where trigger_type = 'frustrated'

),

scores as (

    select
        tenant_id,
        company_id,
        trigger_type,
        scored_on,
        score,
        severity_rank,
        is_notify,
        is_opening,
        is_holding,
        ticket_id,
        rule_version

    from {{ ref('int_trigger_scores_daily') }}

),

-- A flood of tickets from a company that is also frustrated is worse than either.
judged as (

    select
        episodes.card_id,
        scores.*,
        case
            when
                scores.trigger_type = 'significant_support'
                and scores.severity_rank = 3
                and exists (
                    select 1
                    from frustrated
                    where
                        frustrated.tenant_id = scores.tenant_id
                        and frustrated.company_id = scores.company_id
                        and scores.scored_on between frustrated.opened_on and coalesce(frustrated.closed_on - 1, {{ as_of_on() }})
                )
                then 4
            else scores.severity_rank
        end as judged_rank

    from episodes
    inner join scores
        on
            episodes.tenant_id = scores.tenant_id
            and episodes.company_id = scores.company_id
            and episodes.trigger_type = scores.trigger_type
            and scores.scored_on between episodes.first_on and episodes.last_signal_on

),

final as (

    select
        judged.*,
        signals.came_on is not null as is_coming_on

    from judged
    left join {{ ref('int_signal_days') }} as signals
        on
            judged.tenant_id = signals.tenant_id
            and judged.company_id = signals.company_id
            and judged.trigger_type = signals.trigger_type
            and judged.scored_on = signals.scored_on
            and judged.scored_on = signals.came_on

)

select * from final
