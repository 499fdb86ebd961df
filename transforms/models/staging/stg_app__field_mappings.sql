with source as (

    select * from {{ source('raw_app', 'field_mappings') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        field,
        version,

        -- text
        property_name,
        stage_ids,
        unit,
        currency,
        currency_property,
        author,

        -- timestamps
        {{ utc('valid_from_at') }} as valid_from_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
