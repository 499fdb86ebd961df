with source as (

    select * from {{ source('raw_app', 'trigger_params') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        trigger_type,
        name as param_name,

        -- text
        author,

        -- numbers
        value as param_value,
        version,

        -- timestamps
        {{ utc('valid_from_at') }} as valid_from_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
