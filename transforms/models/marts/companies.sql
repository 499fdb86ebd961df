with companies as (

    select * from {{ ref('int_company_facts') }}

),

tickets as (

    select
        *,
        {{ as_of_on() }} - created_on as age_days

    from {{ ref('int_tickets') }}
    where company_id is not null

),

active_cards as (

    select
        tenant_id,
        company_id,
        string_agg(trigger_type, ',' order by trigger_type) as active_triggers,
        count(*) as active_trigger_count

    from {{ ref('int_cards') }}
    where is_active
    group by tenant_id, company_id

),

counted as (

    select
        tenant_id,
        company_id,
        sum(case when is_open then 1 else 0 end) as open_ticket_count,
        sum(case when age_days < 30 then 1 else 0 end) as ticket_count_30d,
        sum(case when age_days < 90 then 1 else 0 end) as ticket_count_90d,
        sum(case when age_days < 30 and is_negative then 1 else 0 end) as negative_count_30d,
        count(case when age_days < 30 then level end) as read_count_30d,
        count(case when age_days between 30 and 59 then level end) as read_count_prior_30d,
        {{ rounded('avg(case when age_days < 30 then level end)') }} as mean_level_30d,
        {{ rounded('avg(case when age_days between 30 and 59 then level end)') }} as mean_level_prior_30d,
        max(greatest(created_at, coalesce(last_message_received_at, created_at), coalesce(last_inbound_at, created_at))) as last_contact_at

    from tickets
    group by tenant_id, company_id

),

final as (

    select
        companies.tenant_id,
        companies.company_id,
        companies.company_name,
        companies.domain,
        companies.lifecyclestage,
        companies.owner_id,
        companies.owner_name,
        companies.mrr,
        companies.mrr_source,
        companies.currency,
        companies.renewal_on,
        cast(coalesce(counted.open_ticket_count, 0) as bigint) as open_ticket_count,
        cast(coalesce(counted.ticket_count_30d, 0) as bigint) as ticket_count_30d,
        cast(coalesce(counted.ticket_count_90d, 0) as bigint) as ticket_count_90d,
        cast(coalesce(counted.negative_count_30d, 0) as bigint) as negative_count_30d,
        counted.mean_level_30d,
        counted.mean_level_prior_30d,
        -- One ticket on either side is an anecdote, not a trend.
        case
            when coalesce(counted.read_count_30d, 0) < 2 or counted.read_count_prior_30d < 2 then 'unknown'
            when counted.mean_level_30d - counted.mean_level_prior_30d >= 0.25 then 'improving'
            when counted.mean_level_30d - counted.mean_level_prior_30d <= -0.25 then 'worsening'
            else 'steady'
        end as sentiment_trend,
        {{ with_zone('counted.last_contact_at') }} as last_contact_at,
        coalesce(active_cards.active_triggers, '') as active_triggers,
        cast(coalesce(active_cards.active_trigger_count, 0) as bigint) as active_trigger_count

    from companies
    left join counted
        on
            companies.tenant_id = counted.tenant_id
            and companies.company_id = counted.company_id
    left join active_cards
        on
            companies.tenant_id = active_cards.tenant_id
            and companies.company_id = active_cards.company_id

)

select * from final
