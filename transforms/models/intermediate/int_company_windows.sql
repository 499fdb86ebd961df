with tickets as (

    select
        *,
        {{ as_of_on() }} - created_on as age_days

    from {{ ref('int_tickets') }}
    where company_id is not null

),

windows as (

    select 30 as window_days
    union all
    select 90

),

counted as (

    select
        tickets.tenant_id,
        tickets.company_id,
        windows.window_days,
        sum(case when tickets.age_days < windows.window_days then 1 else 0 end) as ticket_count,
        sum(case when tickets.age_days < windows.window_days and tickets.is_negative then 1 else 0 end) as negative_count,
        count(case when tickets.age_days < windows.window_days then tickets.level end) as read_count,
        count(case when tickets.age_days >= windows.window_days then tickets.level end) as prior_read_count,
        {{ rounded('avg(case when tickets.age_days < windows.window_days then tickets.level end)') }} as mean_level,
        {{ rounded('avg(case when tickets.age_days >= windows.window_days then tickets.level end)') }} as prior_mean_level

    from tickets
    inner join windows
        on tickets.age_days < 2 * windows.window_days
    group by tickets.tenant_id, tickets.company_id, windows.window_days

),

final as (

    select
        *,
        -- One ticket on either side is an anecdote, not a trend.
        case
            when read_count < 2 or prior_read_count < 2 then 'unknown'
            when mean_level - prior_mean_level >= 0.25 then 'improving'
            when mean_level - prior_mean_level <= -0.25 then 'worsening'
            else 'steady'
        end as sentiment_trend

    from counted

)

select * from final
