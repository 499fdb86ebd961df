with source as (

    select * from {{ source('raw_hubspot', 'record_aliases') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        object_type,
        alias_id,
        record_id,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
