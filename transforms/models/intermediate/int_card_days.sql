with episodes as (

    select
        aliases.card_id,
        episodes.tenant_id,
        episodes.company_id,
        episodes.trigger_type,
        episodes.opened_on,
        episodes.last_signal_on

    from {{ ref('int_episodes') }} as episodes
    inner join {{ ref('int_card_aliases') }} as aliases
        on
            episodes.tenant_id = aliases.tenant_id
            and episodes.card_id = aliases.alias_id

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
            and scores.scored_on between episodes.opened_on and episodes.last_signal_on

),

held as (

    select
        tenant_id,
        card_id,
        scored_on,
        is_opening,
        case
            when
                scored_on - lag(scored_on) over (partition by tenant_id, card_id order by scored_on) <= {{ signal_days_to_close() }}
                then 0
            else 1
        end as is_run_start

    from judged
    where is_holding

),

runs as (

    select
        *,
        sum(is_run_start) over (
            partition by tenant_id, card_id order by scored_on
            rows between unbounded preceding and current row
        ) as run_number

    from held

),

-- On which of its days the signal came on: the first that opens in a stretch no three days of which in a row were below closing.
came_on as (

    select
        tenant_id,
        card_id,
        run_number,
        min(scored_on) as came_on

    from runs
    where is_opening
    group by tenant_id, card_id, run_number

),

final as (

    select
        judged.*,
        came_on.came_on is not null as is_coming_on

    from judged
    left join came_on
        on
            judged.tenant_id = came_on.tenant_id
            and judged.card_id = came_on.card_id
            and judged.scored_on = came_on.came_on

)

select * from final
