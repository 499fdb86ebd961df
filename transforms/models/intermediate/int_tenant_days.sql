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

mrr as (

    select
        tenant_id,
        company_id,
        fact_number as mrr,
        greatest(valid_from_on, {{ spine_start_on() }}) as from_on,
        valid_to_on

    from {{ ref('int_company_fact_history') }}
    where fact = 'mrr' and valid_to_on >= {{ spine_start_on() }} and valid_from_on <= {{ as_of_on() }}

),

-- What is much money for a tenant changes on the days a company's does, and is worked out once for each of them.
mrr_days as (

    select tenant_id, from_on as changed_on from mrr
    union
    select tenant_id, valid_to_on + 1 from mrr
    where valid_to_on < {{ as_of_on() }}

),

-- Companies paying at least as much as this one, itself included: ties push each other down, so equal customers are not all "top".
ranked as (

    select
        mrr_days.tenant_id,
        mrr_days.changed_on,
        mrr.mrr,
        count(*) over (partition by mrr_days.tenant_id, mrr_days.changed_on order by mrr.mrr desc) as at_least_count,
        count(*) over (partition by mrr_days.tenant_id, mrr_days.changed_on) as company_count

    from mrr_days
    inner join mrr
        on
            mrr_days.tenant_id = mrr.tenant_id
            and mrr_days.changed_on between mrr.from_on and mrr.valid_to_on

),

tops as (

    select
        tenant_id,
        changed_on,
        min(case when at_least_count <= greatest(1, floor(company_count * 0.1)) then mrr end) as top_tenth_mrr,
        min(case when at_least_count <= greatest(1, floor(company_count * 0.25)) then mrr end) as top_quarter_mrr

    from ranked
    group by tenant_id, changed_on

),

top_spans as (

    select
        mrr_days.tenant_id,
        mrr_days.changed_on,
        lead(mrr_days.changed_on) over (partition by mrr_days.tenant_id order by mrr_days.changed_on) as next_on,
        tops.top_tenth_mrr,
        tops.top_quarter_mrr

    from mrr_days
    left join tops
        on
            mrr_days.tenant_id = tops.tenant_id
            and mrr_days.changed_on = tops.changed_on

),

final as (

    select
        rolled.tenant_id,
        rolled.day_on,
        cast(rolled.ticket_count_30d as integer) as ticket_count_30d,
        {{ rounded('coalesce(rolled.ticket_count_90d_before_30d, 0) / 3.0') }} as expected_count_30d,
        top_spans.top_tenth_mrr,
        top_spans.top_quarter_mrr

    from rolled
    left join top_spans
        on
            rolled.tenant_id = top_spans.tenant_id
            and rolled.day_on >= top_spans.changed_on
            and rolled.day_on < coalesce(top_spans.next_on, {{ last_day() }})
    where rolled.day_on >= {{ spine_start_on() }}

)

select * from final
