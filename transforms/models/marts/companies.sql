with companies as (

    select * from {{ ref('int_company_facts') }}

),

records as (

    select * from {{ ref('stg_hubspot__companies') }}

),

portals as (

    select * from {{ ref('stg_hubspot__portals') }}

),

tickets as (

    select * from {{ ref('int_tickets') }}
    where company_id is not null

),

active_cards as (

    select
        tenant_id,
        company_id,
        string_agg(trigger_type, ',' order by trigger_type) as active_triggers,
        count(*) as active_trigger_count

    from {{ ref('int_cards') }}
    where is_active and is_shown
    group by tenant_id, company_id

),

counted as (

    select
        tenant_id,
        company_id,
        sum(case when is_open then 1 else 0 end) as open_ticket_count,
        max(greatest(created_at, coalesce(last_message_received_at, created_at), coalesce(last_inbound_at, created_at))) as last_contact_at

    from tickets
    group by tenant_id, company_id

),

month as (

    select * from {{ ref('int_company_windows') }}
    where window_days = 30

),

quarter as (

    select * from {{ ref('int_company_windows') }}
    where window_days = 90

),

final as (

    select
        companies.tenant_id,
        companies.company_id,
        companies.company_name,
        companies.domain,
        {{ record_url('records.url', 'portals', '0-2', 'companies.company_id') }} as company_url,
        companies.lifecyclestage,
        companies.owner_id,
        companies.owner_name,
        companies.mrr,
        companies.mrr_source,
        companies.currency,
        companies.renewal_on,
        cast(coalesce(counted.open_ticket_count, 0) as bigint) as open_ticket_count,
        cast(coalesce(month.ticket_count, 0) as bigint) as ticket_count_30d,
        cast(coalesce(quarter.ticket_count, 0) as bigint) as ticket_count_90d,
        cast(coalesce(month.negative_count, 0) as bigint) as negative_count_30d,
        month.mean_level as mean_level_30d,
        month.prior_mean_level as mean_level_prior_30d,
        coalesce(month.sentiment_trend, 'unknown') as sentiment_trend,
        {{ with_zone('counted.last_contact_at') }} as last_contact_at,
        coalesce(active_cards.active_triggers, '') as active_triggers,
        cast(coalesce(active_cards.active_trigger_count, 0) as bigint) as active_trigger_count

    from companies
    left join records
        on
            companies.tenant_id = records.tenant_id
            and companies.company_id = records.company_id
    left join portals
        on companies.tenant_id = portals.tenant_id
    left join counted
        on
            companies.tenant_id = counted.tenant_id
            and companies.company_id = counted.company_id
    left join month
        on
            companies.tenant_id = month.tenant_id
            and companies.company_id = month.company_id
    left join quarter
        on
            companies.tenant_id = quarter.tenant_id
            and companies.company_id = quarter.company_id
    left join active_cards
        on
            companies.tenant_id = active_cards.tenant_id
            and companies.company_id = active_cards.company_id

)

select * from final
