with source as (

    select * from {{ source('raw_hubspot', 'ticket_stage_history') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        ticket_id,
        stage_id,

        -- timestamps
        {{ utc('entered_at') }} as entered_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
