with source as (

    select * from {{ source('raw_app', 'trigger_rules') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        rule_id,
        version,

        -- text
        name as rule_name,
        tree,
        severity,
        author,

        -- booleans
        coalesce(is_notify, false) as is_notify,
        coalesce(is_active, false) as is_active,

        -- timestamps
        {{ utc('valid_from_at') }} as valid_from_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
