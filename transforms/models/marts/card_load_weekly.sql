-- What is aimed at: how often somebody is interrupted a week, and how many cards come back within seven days (docs/measures.md).
{% set most_notifications = 10 %}
{% set flap_target = 0.05 %}

with courses as (

    select
        *,
        coalesce(owner_id, 'unassigned') as week_owner_id,
        {{ week_of('opened_on') }} as opened_week_on,
        {{ week_of('notified_on') }} as notified_week_on,
        case
            when first_touched_at is not null
                then {{ seconds_between('cast(opened_on as timestamp)', 'first_touched_at') }} / 3600.0
        end as touch_hours

    from {{ ref('int_card_courses') }}

),

days as (

    {{ days_between(history_start_on(), as_of_on()) }}

),

-- Whole weeks only, and the one that is under way.
weeks as (

    select distinct
        {{ week_of('day_on') }} as week_on,
        least({{ week_of('day_on') }} + 6, {{ as_of_on() }}) as week_end_on

    from days
    where {{ week_of('day_on') }} >= {{ history_start_on() }}

),

opened as (

    select
        tenant_id,
        week_owner_id,
        opened_week_on as week_on,
        count(*) as opened_count,
        count(touch_hours) as touched_count,
        percentile_cont(0.5) within group (order by touch_hours) as median_touch_hours,
        percentile_cont(0.9) within group (order by touch_hours) as p90_touch_hours

    from courses
    group by tenant_id, week_owner_id, opened_week_on

),

-- Several cards of one company on one day are one message.
notified as (

    select
        tenant_id,
        week_owner_id,
        notified_week_on as week_on,
        count(distinct company_id || '/' || cast(notified_on as text)) as notification_count

    from courses
    where notified_on is not null
    group by tenant_id, week_owner_id, notified_week_on

),

-- What stands on the board when a week ends: the signal is on, and nobody has completed the card.
standing as (

    select
        courses.tenant_id,
        courses.week_owner_id,
        weeks.week_on,
        count(*) as open_count,
        percentile_cont(0.5) within group (order by weeks.week_end_on - courses.opened_on) as median_open_age_days,
        max(weeks.week_end_on - courses.opened_on) as oldest_open_age_days

    from courses
    inner join weeks
        on
            courses.opened_on <= weeks.week_end_on
            and coalesce(courses.closed_on > weeks.week_end_on, true)
            and coalesce(courses.completed_on > weeks.week_end_on, true)
    group by courses.tenant_id, courses.week_owner_id, weeks.week_on

),

completed as (

    select
        courses.tenant_id,
        courses.week_owner_id,
        {{ week_of('completions.completed_on') }} as week_on,
        count(*) as completed_count,
        sum(case when completions.is_flapped then 1 else 0 end) as flapped_count

    from {{ ref('int_card_completions') }} as completions
    inner join courses
        on
            completions.tenant_id = courses.tenant_id
            and completions.card_id = courses.card_id
    group by courses.tenant_id, courses.week_owner_id, {{ week_of('completions.completed_on') }}

),

owners as (

    select
        tenant_id,
        week_owner_id,
        max(owner_name) as owner_name

    from courses
    group by tenant_id, week_owner_id

),

found as (

    select
        tenant_id,
        week_owner_id,
        week_on

    from opened

    union

    select
        tenant_id,
        week_owner_id,
        week_on

    from notified

    union

    select
        tenant_id,
        week_owner_id,
        week_on

    from standing

    union

    select
        tenant_id,
        week_owner_id,
        week_on

    from completed

),

final as (

    select
        found.tenant_id,
        weeks.week_on,
        found.week_owner_id as owner_id,
        owners.owner_name,
        weeks.week_on + 6 < {{ as_of_on() }} as is_over,
        cast(coalesce(notified.notification_count, 0) as bigint) as notification_count,
        coalesce(notified.notification_count, 0) > {{ most_notifications }} as is_over_target,
        cast(coalesce(opened.opened_count, 0) as bigint) as opened_count,
        cast(coalesce(opened.touched_count, 0) as bigint) as touched_count,
        {{ rounded('opened.median_touch_hours', 1) }} as median_touch_hours,
        {{ rounded('opened.p90_touch_hours', 1) }} as p90_touch_hours,
        cast(coalesce(standing.open_count, 0) as bigint) as open_count,
        {{ rounded('standing.median_open_age_days', 1) }} as median_open_age_days,
        cast(standing.oldest_open_age_days as bigint) as oldest_open_age_days,
        cast(coalesce(completed.completed_count, 0) as bigint) as completed_count,
        cast(coalesce(completed.flapped_count, 0) as bigint) as flapped_count,
        {{ rounded('cast(completed.flapped_count as double precision) / completed.completed_count') }} as flap_score,
        cast(completed.flapped_count as double precision) / completed.completed_count < {{ flap_target }} as is_flap_on_target

    from found
    inner join weeks
        on found.week_on = weeks.week_on
    inner join owners
        on
            found.tenant_id = owners.tenant_id
            and found.week_owner_id = owners.week_owner_id
    left join opened
        on
            found.tenant_id = opened.tenant_id
            and found.week_owner_id = opened.week_owner_id
            and found.week_on = opened.week_on
    left join notified
        on
            found.tenant_id = notified.tenant_id
            and found.week_owner_id = notified.week_owner_id
            and found.week_on = notified.week_on
    left join standing
        on
            found.tenant_id = standing.tenant_id
            and found.week_owner_id = standing.week_owner_id
            and found.week_on = standing.week_on
    left join completed
        on
            found.tenant_id = completed.tenant_id
            and found.week_owner_id = completed.week_owner_id
            and found.week_on = completed.week_on

)

select * from final
