with source as (

    select * from {{ source('raw_hubspot', 'ticket_notes') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        note_id,

        -- text
        association_types,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
