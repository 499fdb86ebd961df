with source as (

    select * from {{ source('raw_app', 'card_aliases') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        alias_id,
        card_id,
        company_id,
        trigger_type,

        -- what the card was first published with
        opened_mrr,
        opened_mrr_source,

        -- time
        opened_on,
        last_signal_on,
        {{ utc('first_published_at') }} as first_published_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
