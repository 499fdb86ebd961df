with source as (

    select * from {{ source('raw_app', 'corrections') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        correction_id,
        ticket_id,
        field,

        -- text
        before,
        after,
        text as corrected_text,
        input_hash,
        why,
        author,

        -- booleans
        coalesce(is_standing, false) as is_standing,

        -- timestamps
        {{ utc('created_at') }} as created_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
