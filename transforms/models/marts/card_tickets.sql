{% set key = ['tenant_id', 'card_id', 'ticket_id'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='renewed_card_tickets',
    on_schema_change='fail',
    unique_key=key,
) }}

with card_tickets as (

    select * from {{ renewed_or_new('int_card_tickets', key) }} as card_tickets

),

tickets as (

    select * from {{ ref('int_tickets') }}

),

portals as (

    select * from {{ ref('stg_hubspot__portals') }}

),

final as (

    select
        card_tickets.tenant_id,
        card_tickets.card_id,
        card_tickets.ticket_id,
        tickets.subject as ticket_subject,
        {{ record_url('tickets.url', 'portals', '0-5', 'tickets.ticket_id') }} as ticket_url,
        {{ with_zone('tickets.created_at') }} as ticket_created_at,
        tickets.ticket_status,
        tickets.closed_on,
        tickets.sentiment,
        tickets.is_erased

    from card_tickets
    inner join tickets
        on
            card_tickets.tenant_id = tickets.tenant_id
            and card_tickets.ticket_id = tickets.ticket_id
    left join portals
        on card_tickets.tenant_id = portals.tenant_id

)

select * from final
