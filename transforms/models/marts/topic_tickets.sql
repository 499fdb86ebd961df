-- Rows stay as long as their ticket is listed.
-- depends_on: {{ ref('tickets') }}
{{ config(
    materialized='incremental',
    incremental_strategy='renewed_with_tickets',
    on_schema_change='fail',
) }}

with topic_tickets as (

    select * from {{ renewed('int_topic_tickets') }} as topic_tickets
    where created_on >= {{ tickets_start_on() }}

),

final as (

    select
        tenant_id,
        ticket_id,
        topic,
        parent_topic

    from topic_tickets

)

select * from final
