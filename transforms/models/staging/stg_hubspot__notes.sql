with source as (

    select * from {{ source('raw_hubspot', 'notes') }}

),

renamed as (

    select
        -- ids
        tenant_id,
        id as note_id,
        hubspot_owner_id as owner_id,

        -- text
        direction,
        author_email,
        author_name,
        subject,
        text,
        own_spans,
        own_text,
        url,
        properties,

        -- booleans
        coalesce(is_automated, false) as is_automated,
        coalesce(archived, false) as is_archived,

        -- timestamps
        {{ utc('sent_at') }} as sent_at,
        {{ utc('hs_createdate') }} as created_at,
        {{ utc('hs_lastmodifieddate') }} as modified_at,
        {{ utc('archived_at') }} as archived_at,
        {{ utc('loaded_at') }} as loaded_at

    from source

)

select * from renamed
