{{ config(
    materialized='incremental',
    incremental_strategy='renewed_in_window',
    on_schema_change='fail',
) }}

with tickets as (

    select * from {{ renewed('int_tickets') }} as tickets
    where created_on >= {{ tickets_start_on() }}

),

final as (

    select
        tickets.tenant_id,
        tickets.ticket_id,
        tickets.company_id,
        tickets.subject,
        tickets.url,
        {{ with_zone('tickets.created_at') }} as created_at,
        tickets.created_on,
        tickets.closed_on,
        tickets.ticket_status,
        tickets.sentiment,
        cast(tickets.level as bigint) as level,
        tickets.churn_intent,
        tickets.level is not null as is_read,
        tickets.is_negative,
        cast(tickets.points as bigint) as points

    from tickets

)

select * from final
