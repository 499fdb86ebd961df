with source as (

    select * from {{ source('raw_app', 'card_events') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        card_id,
        seq,

        -- text
        type as event_type,
        actor,
        status,
        payload,

        -- timestamps
        {{ utc('occurred_at') }} as occurred_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
