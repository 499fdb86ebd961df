with source as (

    select * from {{ source('raw_app', 'audit_tickets') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        month_on,
        stratum,

        -- what a person said
        topics,
        sentiment,

        -- text
        drawn_by,
        judged_by,

        -- numbers
        stratum_ticket_count,

        -- timestamps
        {{ utc('drawn_at') }} as drawn_at,
        {{ utc('judged_at') }} as judged_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
