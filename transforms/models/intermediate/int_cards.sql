with episodes as (

    select * from {{ ref('int_episodes') }}

),

states as (

    select * from {{ ref('int_card_states') }}

),

companies as (

    select * from {{ ref('int_company_facts') }}

),

frustrated as (

    select * from {{ ref('int_episodes') }}
    where trigger_type = 'frustrated'

),

scores as (

    select * from {{ ref('int_trigger_scores_daily') }}

),

-- A flood of tickets from a company that is also frustrated is worse than either.
card_days as (

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
            and scores.scored_on between episodes.opened_on and episodes.last_signal_on

),

-- A card is as bad as its worst day, and shows that day: its numbers, its sentence, its ticket.
worst_first as (

    select
        *,
        first_value(judged_rank) over (partition by tenant_id, card_id order by scored_on) as opened_rank,
        max(judged_rank) over (partition by tenant_id, card_id) as card_rank,
        max(case when is_notify then 1 else 0 end) over (partition by tenant_id, card_id) as notify_flag,
        row_number() over (partition by tenant_id, card_id order by score desc, scored_on desc) as day_rank

    from card_days

),

final as (

    select
        episodes.tenant_id,
        episodes.card_id,
        episodes.company_id,
        episodes.trigger_type,
        episodes.episode,
        episodes.opened_on,
        episodes.last_signal_on,
        episodes.closed_on,
        episodes.is_active,
        episodes.previous_card_id,
        {{ severity_of('worst_first.card_rank') }} as severity,
        {{ severity_of('worst_first.opened_rank') }} as opened_severity,
        companies.mrr as opened_mrr,
        coalesce(companies.mrr_source, 'unknown') as opened_mrr_source,
        worst_first.notify_flag = 1 as is_notify,
        worst_first.score,
        worst_first.components,
        worst_first.why,
        worst_first.ticket_id,
        worst_first.rule_version,
        -- What people still have to do with a card keeps it on the board, however long ago its signal went out.
        episodes.is_active
        or episodes.closed_on >= {{ history_start_on() }}
        or coalesce(states.status <> 'completed' or states.last_event_at >= {{ history_start_on() }}, false) as is_shown

    from episodes
    inner join worst_first
        on
            episodes.tenant_id = worst_first.tenant_id
            and episodes.card_id = worst_first.card_id
            and worst_first.day_rank = 1
    left join states
        on
            episodes.tenant_id = states.tenant_id
            and episodes.card_id = states.card_id
    left join companies
        on
            episodes.tenant_id = companies.tenant_id
            and episodes.company_id = companies.company_id

)

select * from final
