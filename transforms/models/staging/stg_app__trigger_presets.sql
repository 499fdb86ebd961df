with source as (

    select * from {{ source('raw_app', 'trigger_presets') }}

),

renamed as (

    select
        -- ids
        tenant_id,

        -- text
        preset,
        author,

        -- numbers
        version,

        -- timestamps
        {{ utc('valid_from_at') }} as valid_from_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
