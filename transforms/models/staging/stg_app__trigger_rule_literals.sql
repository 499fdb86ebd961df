with source as (

    select * from {{ source('raw_app', 'trigger_rule_literals') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        rule_id,
        version,
        clause_index,
        literal_index,

        -- what is compared
        measure,
        fact,
        cast(within_days as integer) as within_days,
        topic,

        -- with what
        op,
        value as number_value,
        text_value,

        -- timestamps
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
