with tickets as (

    select * from {{ ref('int_tickets') }}

),

tenants as (

    select * from {{ ref('int_tenants') }}

),

days as (

    {{ days_between(spine_lead_in_start_on(), as_of_on()) }}

),

daily as (

    select
        tenant_id,
        created_on,
        count(*) as ticket_count

    from tickets
    group by tenant_id, created_on

),

counted as (

    select
        tenants.tenant_id,
        days.day_on,
        coalesce(daily.ticket_count, 0) as ticket_count

    from tenants
    cross join days
    left join daily
        on
            tenants.tenant_id = daily.tenant_id
            and days.day_on = daily.created_on

),

rolled as (

    select
        tenant_id,
        day_on,
        sum(ticket_count) over (tenant_days rows between 29 preceding and current row) as ticket_count_30d,
        sum(ticket_count) over (tenant_days rows between 119 preceding and 30 preceding) as ticket_count_90d_before_30d

    from counted
    window tenant_days as (partition by tenant_id order by day_on)

),

final as (

    select
        tenant_id,
        day_on,
        cast(ticket_count_30d as integer) as ticket_count_30d,
        {{ rounded('coalesce(ticket_count_90d_before_30d, 0) / 3.0') }} as expected_count_30d

    from rolled
    where day_on >= {{ spine_start_on() }}

)

select * from final
